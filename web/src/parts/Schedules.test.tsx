// @vitest-environment jsdom

import type { IncomingMessage } from 'node:http'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answer, Refusal } from '../../mock/api'
import { type ProjectRow, World } from '../../mock/world'
import { Schedules } from './Schedules'

let world: World
let row: ProjectRow
let root: Root
let page: HTMLElement

const asked = vi.fn((path: string, init: RequestInit) => {
  const request = { method: init.method, headers: { cookie: 'mock-session=1' } }
  const body = init.body ? JSON.parse(String(init.body)) : {}
  try {
    const url = new URL(path, 'http://localhost')
    const reply = answer(world, request as unknown as IncomingMessage, url, body)
    if (reply.status === 204) return Promise.resolve(new Response(null, { status: 204 }))
    return Promise.resolve(Response.json(reply.body, { status: reply.status ?? 200 }))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { status, code, message: detail, errors } = error
    return Promise.resolve(Response.json({ status, code, detail, errors }, { status }))
  }
})
const settled = () => act(() => new Promise((resolve) => setTimeout(resolve, 20)))
const press = async (name: string) => {
  const found = [...page.querySelectorAll('button')].find(
    (each) => each.textContent === name || each.getAttribute('aria-label') === name,
  )
  await act(() => found!.click())
  await settled()
}
const add = async (cron: string) => {
  page.querySelector<HTMLInputElement>('[name=cron]')!.value = cron
  await act(() => page.querySelector('form')!.requestSubmit())
  await settled()
}

beforeEach(async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  vi.stubGlobal('fetch', asked)
  world = new World()
  world.fill()
  row = world.projects[0]!
  page = document.createElement('main')
  document.body.append(page)
  root = createRoot(page)
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  await act(() =>
    root.render(
      <QueryClientProvider client={client}>
        <Schedules project={row.project} />
      </QueryClientProvider>,
    ),
  )
  await settled()
})
afterEach(async () => {
  await act(() => root.unmount())
  page.remove()
  vi.unstubAllGlobals()
})

describe('schedules', () => {
  it('are added, listed and removed', async () => {
    expect(page.textContent).toContain('None: the project is deployed by pushes and people.')
    await press('Add')
    await add('30 4 * * mon-fri')
    expect(row.schedules).toHaveLength(1)
    expect(row.schedules[0]!.time_zone).not.toBe('')
    expect(page.querySelector('[aria-label=Schedules]')!.textContent).toContain('30 4 * * mon-fri')
    expect(page.querySelector('form')).toBeNull()
    await press('Remove 30 4 * * mon-fri')
    await vi.waitFor(() => expect(row.schedules).toHaveLength(0))
  })

  it('say what is wrong beside the field, and keep what was typed', async () => {
    await press('Add')
    await add('often')
    const field = page.querySelector<HTMLInputElement>('[name=cron]')!
    expect(field.getAttribute('aria-invalid')).toBe('true')
    expect(field.value).toBe('often')
    expect(page.textContent).toContain('Five fields')
  })
})
