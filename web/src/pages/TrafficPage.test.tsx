// @vitest-environment jsdom

import type { IncomingMessage } from 'node:http'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answer, Refusal } from '../../mock/api'
import { World } from '../../mock/world'
import { microseconds, share, stepsOf } from '../api/traffic'
import type { Traffic, TrafficPoint } from '../api/types'
import { piecesOf } from '../parts/TrafficChart'
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
    const { status, code, message: detail } = error
    return Promise.resolve(Response.json({ status, code, detail }, { status }))
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
  for (let i = 0; i < 20 && !page.querySelector('[aria-label=Span]'); i++) await settled()
  await settled()
}
const traffic = () => asked.mock.calls.map(([path]) => path).filter((each) => /traffic/.test(each))

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

describe('the traffic of a project', () => {
  it('is figures, a picture in words, and the top lists', async () => {
    await open('/p/harbour-site/traffic')
    expect(traffic()[0]).toMatch(
      /^\/api\/v1\/projects\/harbour-site\/traffic\?from=\d+&to=\d+&step=hour$/,
    )
    expect(page.textContent).toContain('Half within')
    expect(page.textContent).toContain('88 µs')
    expect(page.textContent).toContain('1.4 ms')
    expect(page.querySelector('svg[role=img]')!.getAttribute('aria-label')).toMatch(
      /requests; at most/,
    )
    const paths = [...page.querySelectorAll('[aria-label="Top paths"] li span:first-child')]
    expect(paths.map((each) => each.textContent)).toEqual([
      '/',
      '/tides/',
      '/assets/index-BsK3x9ab.js',
    ])
    expect(page.querySelector('[aria-label="Top referrers"]')!.textContent).toContain(
      'news.example',
    )
  })

  it('is asked for by the span in the address, and a made-up one is the usual one', async () => {
    await open('/p/harbour-site/traffic?span=2h')
    expect(traffic()[0]).toContain('step=minute')
    await act(() => root.unmount())
    root = createRoot(page)
    asked.mockClear()
    await open('/p/harbour-site/traffic?span=nonsense')
    expect(traffic()[0]).toContain('step=hour')
  })

  it('says that there was none', async () => {
    await open('/p/logbook/traffic')
    expect(page.textContent).toContain('No visitors in this time')
    expect(page.querySelector('svg[role=img]')).toBeNull()
  })
})

const point = (begin_ms: number, requests: number, server_errors = 0) =>
  ({
    begin_ms,
    requests,
    success: requests - server_errors,
    redirects: 0,
    client_errors: 0,
    server_errors,
  }) as TrafficPoint

describe('the chart', () => {
  it('has every step, also those that the API leaves out', () => {
    const steps = stepsOf({
      from_ms: 0,
      to_ms: 300,
      step_ms: 100,
      points: [point(100, 4)],
    } as Traffic)
    expect(steps.map((each) => [each.begin_ms, each.requests])).toEqual([
      [0, 0],
      [100, 4],
      [200, 0],
    ])
  })

  it('stacks the classes on the ground', () => {
    const pieces = piecesOf(point(0, 4, 1), 8)
    expect(pieces.map((each) => [each.y, each.tall])).toEqual([
      [75, 45],
      [75, 0],
      [75, 0],
      [60, 15],
    ])
    expect(piecesOf(point(0, 0), 0).every((each) => each.tall === 0)).toBe(true)
  })
})

describe('a figure', () => {
  it('has the unit that fits', () => {
    expect([null, 0, 850, 1_200, 10_400, 999_000, 3_400_000].map(microseconds)).toEqual([
      '–',
      '0 µs',
      '850 µs',
      '1.2 ms',
      '10 ms',
      '999 ms',
      '3.4 s',
    ])
    expect([share(0, 0), share(1, 3), share(3, 3)]).toEqual(['–', '33.3 %', '100 %'])
  })
})
