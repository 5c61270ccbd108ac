// @vitest-environment jsdom

import type { IncomingMessage } from 'node:http'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, type ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answer, Refusal } from '../../mock/api'
import { type ProjectRow, World } from '../../mock/world'
import { Toasts } from '../ui/Toast'
import { GitConnections } from './GitConnections'
import { GitLink } from './GitLink'
import { RepositoryPicker } from './RepositoryPicker'

// Each step waits for what it shows; a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 })

let world: World
let row: ProjectRow
let sent: [string, unknown][]

const asked = vi.fn((path: string, init: RequestInit) => {
  const request = { method: init.method ?? 'GET', headers: { cookie: 'mock-session=1' } }
  const url = new URL(path, 'http://localhost')
  const body = init.body ? JSON.parse(String(init.body)) : {}
  if (request.method !== 'GET') sent.push([`${request.method} ${url.pathname}`, body])
  try {
    const reply = answer(world, request as unknown as IncomingMessage, url, body)
    if (reply.status === 204) return Promise.resolve(new Response(null, { status: 204 }))
    return Promise.resolve(Response.json(reply.body, { status: reply.status ?? 200 }))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { status, code, message: detail, errors } = error
    return Promise.resolve(Response.json({ status, code, detail, errors }, { status }))
  }
})

let root: Root
let page: HTMLElement
const settled = () => act(() => new Promise((resolve) => setTimeout(resolve, 20)))
const until = async (found: () => unknown) => {
  for (let i = 0; i < 200 && !found(); i++) await settled()
}
const open = async (what: ReactNode) => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  await act(() =>
    root.render(
      <QueryClientProvider client={client}>
        {what}
        <Toasts />
      </QueryClientProvider>,
    ),
  )
  await settled()
}
const button = (name: string) =>
  [...page.querySelectorAll('button')].find((each) => each.textContent === name)
const press = async (name: string) => {
  await until(() => button(name))
  await act(() => button(name)!.click())
  await settled()
}
const fill = (name: string, value: string) => {
  page.querySelector<HTMLInputElement>(`[name=${name}]`)!.value = value
}
const submit = async () => {
  const form = page.querySelector('form')!
  await act(() => form.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })))
  await settled()
}
const connect = async (token: string) => {
  await press('Connect')
  fill('token', token)
  await submit()
}

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  vi.stubGlobal('fetch', asked)
  HTMLDialogElement.prototype.showModal = () => {}
  HTMLDialogElement.prototype.close = () => {}
  world = new World()
  world.fill()
  row = world.addProject('linked', 'https://github.com/team/shop.git')
  sent = []
  page = document.body.appendChild(document.createElement('div'))
  root = createRoot(page)
})
afterEach(async () => {
  await act(() => root.unmount())
  page.remove()
  vi.unstubAllGlobals()
})

describe('connections', () => {
  const team = () => world.teams[0]!.team

  it('connects, and shows no token', async () => {
    await open(<GitConnections team={team()} manages />)
    await connect('t0k')
    await until(() => page.textContent?.includes('ann at'))
    expect(page.textContent).toContain('ann at https://github.com')
    expect(page.textContent).not.toContain('t0k')
    expect(sent[0]![1]).toEqual({ provider: 'github', base_url: '', token: 't0k' })
  })

  it('says what the host refused and keeps the form', async () => {
    await open(<GitConnections team={team()} manages />)
    await connect('wrong')
    await until(() => page.textContent?.includes('does not take'))
    expect(page.textContent).toContain('does not take the token')
    expect(page.querySelector('form')).not.toBeNull()
  })

  it('offers nothing to who does not manage the team', async () => {
    await open(<GitConnections team={team()} manages={false} />)
    expect(button('Connect')).toBeUndefined()
  })

  it('lets a repository be searched and picked', async () => {
    await open(<GitConnections team={team()} manages />)
    await connect('t0k')
    const picked = vi.fn()
    await open(<RepositoryPicker onPick={picked} />)
    await press('Choose team/shop')
    const id = world.teams[0]!.connections![0]!.id
    expect(picked.mock.calls[0]![0]).toEqual({ connection: id, repository: 'team/shop' })
  })

  it('shows no picker without a connection', async () => {
    await open(<RepositoryPicker onPick={() => {}} />)
    expect(page.querySelector('input')).toBeNull()
  })
})

describe('a linked project', () => {
  beforeEach(() => {
    row.git = {
      connection: 'gco_1',
      provider: 'github',
      account: 'ann',
      repository: 'team/shop',
      webhook: true,
      trouble: 'github.com answered 502',
      checked_at_ms: 1,
    }
    const request = {
      id: '7',
      number: 7,
      title: 'The cart',
      author: 'eve',
      branch: 'cart',
      target: 'main',
      commit: 'da1560886d4f',
      fork: true,
      approval: 'waiting' as const,
      approved_by: '',
      url: '',
      updated_at_ms: 1,
    }
    row.requests = [request]
  })

  it('says what its host said last', async () => {
    await open(<GitLink project={row.project} />)
    await until(() => page.textContent?.includes('team/shop'))
    expect(page.textContent).toContain('github.com answered 502')
    expect(page.textContent).toContain('Its pushes deploy.')
  })

  it('builds a stranger’s request on somebody’s word', async () => {
    await open(<GitLink project={row.project} />)
    await press('Build it: The cart')
    await until(() => page.textContent?.includes('Preview'))
    expect(sent.at(-1)![0]).toContain('/git/requests/7/approve')
    expect(button('Build it: The cart')).toBeUndefined()
  })

  it('is unlinked', async () => {
    await open(<GitLink project={row.project} />)
    await press('Unlink')
    await until(() => page.textContent?.includes('Not linked'))
    expect(page.textContent).toContain('Not linked.')
  })
})
