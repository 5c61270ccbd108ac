// @vitest-environment jsdom

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { checksOf } from '../../mock/rules'
import { World } from '../../mock/world'
import type { Check, Deployment } from '../api/types'
import { ChecksTab } from './Checks'

const world = new World()
world.fill()
const failing = world.find('harbour-site')!.runs.find((run) => run.deployment.checks_failed > 0)!
const deployment: Deployment = failing.deployment

let root: Root
let page: HTMLElement
const settled = () => act(() => new Promise((resolve) => setTimeout(resolve, 20)))

const open = async (reply: () => Response) => {
  vi.stubGlobal(
    'fetch',
    vi.fn(() => Promise.resolve(reply())),
  )
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  await act(() =>
    root.render(
      <QueryClientProvider client={client}>
        <ChecksTab deployment={deployment} />
      </QueryClientProvider>,
    ),
  )
  await settled()
}
const list = (items: Check[]) => () => Response.json({ items, next: null })
const rows = () =>
  [...page.querySelectorAll('[aria-label=Checks] > li')].map((row) => row.textContent)

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  page = document.createElement('main')
  document.body.append(page)
  root = createRoot(page)
})
afterEach(async () => {
  await act(() => root.unmount())
  page.remove()
  vi.unstubAllGlobals()
})

describe('the checks of a deployment', () => {
  it('begin with what failed, and say file, limit and what was found', async () => {
    await open(list(checksOf(deployment)))
    expect(rows()).toHaveLength(3)
    expect(rows()[0]).toContain('FailedSize**/*.js')
    expect(rows()[0]).toContain('Found: 77.7 kB in 2 files. Wanted: at most 60.0 kB, gzip.')
    expect(rows()[0]).toContain('berth.toml:4')
    expect(rows()[0]).toContain('assets/app-b41e.js: 71.2 kB')
    expect(rows()[1]).toContain('… and 22 more')
    expect(rows()[2]).toContain('PassedRoute/tides/')
  })

  it('are none where none are declared', async () => {
    await open(list([]))
    expect(page.textContent).toContain('No checks')
  })

  it('say when they cannot be had', async () => {
    const body = { status: 503, code: 'unavailable', detail: 'The database is away.' }
    await open(() => Response.json(body, { status: 503 }))
    expect(page.textContent).toContain('The database is away.')
  })
})
