// @vitest-environment jsdom

import type { IncomingMessage } from 'node:http'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answer, Refusal } from '../../mock/api'
import { type ProjectRow, World } from '../../mock/world'
import { Toasts } from '../ui/Toast'
import { Webhook } from './Webhook'

let world: World
let row: ProjectRow
let sent: string[]

const asked = vi.fn((path: string, init: RequestInit) => {
  const request = { method: init.method, headers: { cookie: 'mock-session=1' } }
  const url = new URL(path, 'http://localhost')
  if (init.method !== 'GET') sent.push(`${init.method} ${url.pathname.split('/webhook')[1]}`)
  let reply: ReturnType<typeof answer>
  try {
    reply = answer(world, request as unknown as IncomingMessage, url, {})
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { status, code, message: detail } = error
    return Promise.resolve(Response.json({ status, code, detail }, { status }))
  }
  if (reply.status === 204) return Promise.resolve(new Response(null, { status: 204 }))
  return Promise.resolve(Response.json(reply.body, { status: reply.status ?? 200 }))
})

let root: Root
let page: HTMLElement
let client: QueryClient
const turn = () => act(() => new Promise((resolve) => setTimeout(resolve, 5)))
/** Until nothing was asked for during a few turns, however slow the machine is. */
const settled = async () => {
  for (let quiet = 0; quiet < 4; ) {
    const before = asked.mock.calls.length
    await turn()
    const busy = client.isFetching() + client.isMutating() > 0
    quiet = busy || asked.mock.calls.length > before ? 0 : quiet + 1
  }
}

const open = async () => {
  client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  await act(() =>
    root.render(
      <QueryClientProvider client={client}>
        <Webhook project={row.project} />
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
const secrets = () =>
  [...page.querySelectorAll('[data-testid=secret]')].map((each) => each.textContent)
const rows = () => [...page.querySelectorAll('tbody tr')].map((each) => each.textContent)

beforeEach(() => {
  world = new World()
  world.fill()
  row = world.projects[0]!
  sent = []
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

describe('the webhook of a project', () => {
  it('is made, and its secret is shown this once with where to put it', async () => {
    await open()
    expect(page.textContent).toContain('No webhook yet.')
    await press('Make webhook')
    expect(secrets()).toHaveLength(2)
    expect(secrets()[0]).toContain('/api/v1/hooks/git/whk_')
    expect(secrets()[1]).toContain('whsec_')
    expect(page.textContent).toContain('GitHub: Settings → Webhooks → Add webhook.')
    await act(() => root.unmount())
    root = createRoot(page)
    await open()
    expect(secrets()).toHaveLength(1)
  })

  it('gets a new secret after a question, and keeps its address', async () => {
    await open()
    await press('Make webhook')
    const before = secrets()
    await press('New secret')
    await press('Keep it')
    expect(sent).toEqual(['POST '])
    await press('New secret')
    await press('Make new secret')
    expect(sent).toEqual(['POST ', 'POST '])
    expect(secrets()[0]).toBe(before[0])
    expect(secrets()[1]).not.toBe(before[1])
  })

  it('is removed after a question', async () => {
    await open()
    await press('Make webhook')
    await press('Remove webhook')
    await press('Remove')
    expect(sent.at(-1)).toBe('DELETE ')
    expect(page.textContent).toContain('No webhook yet.')
    expect(secrets()).toHaveLength(0)
  })

  it('lists what was delivered with what became of it, and runs one again', async () => {
    row.webhook.url = 'http://localhost/api/v1/hooks/git/whk_1'
    row.webhook.refused = 3
    await open()
    expect(page.textContent).toContain('Refused for want of a right signature so far: 3.')
    expect(rows()).toHaveLength(2)
    expect(rows()[0]).toContain('GitHubmain · da15608 · annDeployed')
    expect(rows()[1]).toContain("Not deployed: the commit's message says [skip ci]")
    await press('Redeliver')
    expect(sent).toEqual(['POST /deliveries/dlv_2/redeliver'])
    expect(rows()).toHaveLength(3)
    expect(page.textContent).toContain('Delivered again: a deployment is made.')
  })

  it('says that nothing came yet, and why something cannot be run again', async () => {
    row.webhook.url = 'http://localhost/api/v1/hooks/git/whk_1'
    await open()
    row.deliveries = []
    await press('Redeliver')
    expect(page.textContent).toContain('No such delivery.')
    await act(() => root.unmount())
    root = createRoot(page)
    await open()
    expect(page.textContent).toContain('Nothing was delivered yet.')
  })
})
