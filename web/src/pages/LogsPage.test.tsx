// @vitest-environment jsdom

import type { IncomingMessage } from 'node:http'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answer, Refusal } from '../../mock/api'
import { World } from '../../mock/world'
import { plainText, searchOf } from '../api/logs'
import { makeRouter } from '../routes'

const world = new World()
world.fill()

/** The API in memory, without a socket. */
const asked = vi.fn((path: string, init?: RequestInit) => {
  const request = { method: init?.method ?? 'GET', headers: { cookie: 'mock-session=1' } }
  try {
    const url = new URL(path, 'http://localhost')
    const reply = answer(world, request as unknown as IncomingMessage, url, {})
    return Promise.resolve(Response.json(reply.body))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { status, code, message: detail, errors } = error
    return Promise.resolve(Response.json({ status, code, detail, errors }, { status }))
  }
})

let root: Root
let page: HTMLElement
const settled = () => act(() => new Promise((resolve) => setTimeout(resolve, 150)))

const open = async (path: string) => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const router = makeRouter(client)
  router.update({ history: createMemoryHistory({ initialEntries: [path] }) } as never)
  await act(() =>
    root.render(
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>,
    ),
  )
  for (let i = 0; i < 20 && !page.querySelector('[role=search]'); i++) await settled()
  await settled()
  return router
}
const searches = () =>
  asked.mock.calls.map(([path]) => path).filter((each) => /logs\/search/.test(each))

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  vi.stubGlobal('fetch', asked)
  vi.stubGlobal('scrollTo', () => {})
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener() {} }))
  asked.mockClear()
  page = document.body.appendChild(document.createElement('div'))
  root = createRoot(page)
})

afterEach(async () => {
  await act(() => root.unmount())
  page.remove()
  vi.unstubAllGlobals()
})

describe('the logs of a project', () => {
  it('are not asked for before something is looked for', async () => {
    await open('/p/harbour-site/logs')
    expect(page.textContent).toContain('Nothing is looked for yet')
    expect(searches()).toEqual([])
  })

  it('are searched for what the address says, and lead to the line', async () => {
    await open('/p/harbour-site/logs?q=vite&level=warning&step=build')
    expect(searches()[0]).toBe(
      '/api/v1/projects/harbour-site/logs/search?q=vite&limit=50&level=warning&step=build',
    )
    await act(() => root.unmount())
    root = createRoot(page)
    await open('/p/harbour-site/logs?q=vite')
    const links = [...page.querySelectorAll<HTMLAnchorElement>('ol a')]
    expect(links.length).toBeGreaterThan(0)
    expect(links[0]!.getAttribute('href')).toMatch(/^\/p\/harbour-site\/d\/dpl_\w+#L\d+$/)
    expect(links[0]!.textContent!.toLowerCase()).toContain('vite')
    expect(page.textContent).not.toContain('\x1b')
  })

  it('say at the field what is wrong with an expression', async () => {
    await open('/p/harbour-site/logs?q=(&regex=true')
    const field = page.querySelector('input[type=search]')!
    expect(field.getAttribute('aria-invalid')).toBe('true')
    expect(page.textContent).toContain('not an expression')
  })

  it('are shown without what is no text', () => {
    expect(plainText('\u001b[1;32mvite\u001b[0m v8\u0007')).toBe('vite v8')
    expect(plainText('user\u202enimda')).toBe('user‹U+202E›nimda')
    expect(plainText('a\u001b]8;;http://x\u001b\\link\u001b]0;t\u0007\tb\u001b')).toBe('alink\tb')
  })

  it('are asked for in the words of the API', () => {
    expect(searchOf({ q: 'a b&c', regex: true, level: 'error', step: 'install' })).toBe(
      'q=a+b%26c&limit=50&match=regex&level=error&step=install',
    )
    expect(searchOf({ level: 'error' })).toBe('q=&limit=50&level=error')
  })
})
