// @vitest-environment jsdom

import type { IncomingMessage } from 'node:http'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answer } from '../../mock/api'
import { type ProjectRow, World } from '../../mock/world'
import type { ProjectCaches } from '../api/types'
import { Toasts } from '../ui/Toast'
import { Caches } from './Caches'

let world: World
let row: ProjectRow
let cleared: number
/** Instead of the API's own answer to GET. */
let told: ProjectCaches | Response | null

const asked = vi.fn((path: string, init: RequestInit) => {
  const request = { method: init.method, headers: { cookie: 'mock-session=1' } }
  if (init.method === 'DELETE') cleared++
  if (init.method === 'GET' && told)
    return Promise.resolve(told instanceof Response ? told : Response.json(told))
  const url = new URL(path, 'http://localhost')
  const reply = answer(world, request as unknown as IncomingMessage, url, {})
  return Promise.resolve(Response.json(reply.body))
})

let root: Root
let page: HTMLElement
const settled = () => act(() => new Promise((resolve) => setTimeout(resolve, 20)))

const open = async () => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  await act(() =>
    root.render(
      <QueryClientProvider client={client}>
        <Caches project={row.project} />
        <Toasts />
      </QueryClientProvider>,
    ),
  )
  await settled()
}
const button = (name: string) =>
  [...page.querySelectorAll('button')].find((each) => each.textContent === name)
const press = async (name: string) => {
  await act(() => button(name)!.click())
  await settled()
}

beforeEach(() => {
  world = new World()
  world.fill()
  row = world.projects[0]!
  row.runs = []
  cleared = 0
  told = null
  page = document.createElement('div')
  document.body.append(page)
  root = createRoot(page)
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  vi.stubGlobal('fetch', asked)
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true
  }
  HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
    this.open = false
  }
})
afterEach(async () => {
  await act(() => root.unmount())
  page.remove()
  vi.unstubAllGlobals()
})

describe('the caches of a project', () => {
  it('are listed with what they are for, and their sum beside the budget', async () => {
    await open()
    const rows = [...page.querySelectorAll('tbody tr')].map((each) => each.textContent)
    expect(rows).toHaveLength(3)
    expect(rows[0]).toContain('Build cacheproduction · main96 MB')
    expect(rows[1]).toContain('Installed packages–410 MB')
    expect(rows[2]).toContain('not yet')
    expect(page.textContent).toContain('594 MB of 5.0 GB')
  })

  it('are cleared after a question, and what went is said', async () => {
    await open()
    await press('Clear caches')
    await press('Keep them')
    expect(cleared).toBe(0)
    await press('Clear caches')
    await press('Clear')
    expect(cleared).toBe(1)
    expect(page.textContent).toContain('3 caches removed, 594 MB.')
    expect(page.textContent).toContain('None yet.')
    expect(button('Clear caches')).toBeUndefined()
  })

  it('stay while a build uses them, and that is said', async () => {
    world.play(row, { message: 'x' })
    await open()
    await press('Clear caches')
    await press('Clear')
    expect(page.textContent).toContain('A build uses 594 MB: these stay.')
    expect(page.querySelectorAll('tbody tr')).toHaveLength(3)
  })

  it('are not known without a worker', async () => {
    told = { items: [], next: null, bytes: 0, budget_bytes: 0, workers: 0 }
    await open()
    expect(page.textContent).toContain('No worker is connected')
  })

  it('say why they cannot be shown', async () => {
    told = Response.json({ status: 500, code: 'internal', detail: 'It broke.' }, { status: 500 })
    await open()
    expect(page.textContent).toContain('It broke.')
  })
})
