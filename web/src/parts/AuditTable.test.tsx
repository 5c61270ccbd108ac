// @vitest-environment jsdom

import type { IncomingMessage } from 'node:http'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answer } from '../../mock/api'
import { World } from '../../mock/world'
import { auditPath } from '../api/queries'
import { AuditTable } from './AuditTable'

let world: World
let asked: URL[]
let root: Root
let page: HTMLElement

const settled = () => act(() => new Promise((resolve) => setTimeout(resolve, 20)))
const button = (name: string) =>
  [...page.querySelectorAll('button')].find((each) => each.textContent?.includes(name))
const press = async (name: string) => {
  await act(() => button(name)!.click())
  await settled()
}
const type = (name: string, text: string) => {
  page.querySelector<HTMLInputElement>(`input[name="${name}"]`)!.value = text
}

beforeEach(async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  world = new World()
  asked = []
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    const url = new URL(path, 'http://localhost')
    asked.push(url)
    const request = { method: init.method, headers: { cookie: 'mock-session=1' } }
    return Promise.resolve(
      Response.json(answer(world, request as unknown as IncomingMessage, url, {}).body),
    )
  })
  page = document.body.appendChild(document.createElement('div'))
  root = createRoot(page)
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  await act(() =>
    root.render(
      <QueryClientProvider client={client}>
        <AuditTable />
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

describe('the audit log', () => {
  it('shows the newest rows, and older ones when asked', async () => {
    expect(page.querySelectorAll('li')).toHaveLength(50)
    await press('Older')
    await press('Older')
    expect(page.querySelectorAll('li')).toHaveLength(120)
    expect(button('Older')).toBeUndefined()
  })

  it('searches by who and by what, in people’s words', async () => {
    type('actor', ' bob@example.org ')
    type('action', 'token created')
    await press('Search')
    expect(asked.at(-1)!.searchParams.get('actor')).toBe('bob@example.org')
    expect(asked.at(-1)!.searchParams.get('action')).toBe('token_created')
    const rows = [...page.querySelectorAll('li')].map((row) => row.textContent)
    expect(rows).toHaveLength(10)
    for (const row of rows) expect(row).toContain('bob@example.org')
  })

  it('offers files of what was searched for', async () => {
    type('actor', 'bob@example.org')
    await press('Search')
    const links = [...page.querySelectorAll('a')].map((link) => link.getAttribute('href'))
    expect(links).toEqual([
      '/api/v1/audit/export?format=csv&actor=bob%40example.org',
      '/api/v1/audit/export?format=ndjson&actor=bob%40example.org',
    ])
  })

  it('asks a team for its own part', () => {
    expect(auditPath('crew', { since_ms: 0, project: 'shop' }, '?limit=50')).toBe(
      '/teams/crew/audit?limit=50&project=shop',
    )
  })
})
