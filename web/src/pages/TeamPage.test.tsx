// @vitest-environment jsdom

import type { IncomingMessage } from 'node:http'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answer, Refusal } from '../../mock/api'
import { World } from '../../mock/world'
import { makeRouter } from '../routes'
import { rolesFor } from './TeamPage'

let world: World
let signedIn: boolean

/** The API in memory, without a socket. */
const asked = vi.fn((path: string, init?: RequestInit) => {
  const headers = { cookie: signedIn ? 'mock-session=1' : '' }
  const request = { method: init?.method ?? 'GET', headers } as unknown as IncomingMessage
  try {
    const url = new URL(path, 'http://localhost')
    const reply = answer(world, request, url, init?.body ? JSON.parse(String(init.body)) : {})
    const status = reply.status ?? 200
    return Promise.resolve(
      status === 204 ? new Response(null, { status }) : Response.json(reply.body, { status }),
    )
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
const said = (text: string) => until(() => page.textContent?.includes(text))

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
}
const button = (label: string) =>
  [...page.querySelectorAll('button')].find((each) => each.textContent === label)!
const fill = (name: string, value: string) => {
  page.querySelector<HTMLInputElement>(`[name=${name}]`)!.value = value
}
const submit = (form: HTMLFormElement) =>
  act(() => form.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })))

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  vi.stubGlobal('fetch', asked)
  vi.stubGlobal('scrollTo', () => {})
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener() {} }))
  HTMLDialogElement.prototype.showModal = () => {}
  HTMLDialogElement.prototype.close = () => {}
  world = new World()
  world.fill()
  signedIn = true
  page = document.body.appendChild(document.createElement('div'))
  root = createRoot(page)
})

afterEach(async () => {
  await act(() => root.unmount())
  page.remove()
  vi.unstubAllGlobals()
})

const invitation = (email: string) => {
  const row = world.teams[0]!
  row.invitations.push({
    id: 'inv_1',
    email,
    role: 'developer',
    invited_by: 'ada@example.com',
    created_at_ms: Date.now(),
    expires_at_ms: Date.now() + 1000,
    secret: 'ivt_s3cret',
  })
  return row
}

describe('a team', () => {
  it('has its members, and gives the link of an invitation once', async () => {
    await open('/teams/default')
    await said('grace@example.com')
    await said('None is open.')
    await act(() => button('Invite').click())
    fill('email', 'cy@example.com')
    await submit(page.querySelector<HTMLFormElement>('form:has([name=email])')!)
    await said('Send this link to cy@example.com')
    expect(page.textContent).toContain('/invitations/ivt_mock_0')
    expect(world.teams[0]!.invitations[0]!.role).toBe('developer')
    await said('Take back')
    await act(() => button('Take back').click())
    await said('None is open.')
    expect(world.teams[0]!.invitations).toEqual([])
  })

  it('says why somebody is not invited', async () => {
    await open('/teams/default')
    await said('None is open.')
    await act(() => button('Invite').click())
    fill('email', 'grace@example.com')
    await submit(page.querySelector<HTMLFormElement>('form:has([name=email])')!)
    await said('This person belongs to the team.')
    expect(page.textContent).toContain('This person belongs to the team.')
    expect(world.teams[0]!.invitations).toEqual([])
  })

  it('asks before it takes somebody off', async () => {
    await open('/teams/default')
    await said('grace@example.com')
    const row = [...page.querySelectorAll('li')].find((each) =>
      each.textContent?.includes('grace@example.com'),
    )!
    const choose = async (label: string) => {
      // No top layer here: what the button would do.
      const menu = row.querySelector<HTMLElement>('[role=menu]')!
      menu.hidePopover = () => {}
      await act(() => menu.dispatchEvent(Object.assign(new Event('toggle'), { newState: 'open' })))
      const item = [...menu.querySelectorAll<HTMLElement>('[role^=menuitem]')].find(
        (each) => each.textContent === label,
      )!
      await act(() => item.click())
    }
    await choose('Take off the team')
    expect(page.textContent).toContain('Take grace@example.com off the team?')
    await act(() => button('Cancel').click())
    expect(page.textContent).not.toContain('off the team?')
    expect(world.teams[0]!.members.map((each) => each.email)).toContain('grace@example.com')
    await choose('Take off the team')
    const sure = [...page.querySelectorAll<HTMLButtonElement>('dialog button')].at(-1)!
    await act(() => sure.click())
    await until(() => !page.textContent?.includes('grace@example.com'))
    expect(page.textContent).not.toContain('grace@example.com')
  })

  it('lets admins change all but owners', () => {
    expect(rolesFor('owner', 'owner')).toContain('owner')
    expect(rolesFor('admin', 'viewer')).toEqual(['viewer', 'developer', 'admin'])
    expect(rolesFor('admin', 'owner')).toEqual([])
    expect(rolesFor('developer', 'viewer')).toEqual([])
  })
})

describe('an invitation', () => {
  it('makes an account for who has none', async () => {
    signedIn = false
    const row = invitation('cy@example.com')
    await open('/invitations/ivt_s3cret')
    await said('Make account and join')
    fill('password', 'correct horse')
    await submit(page.querySelector('form')!)
    await until(() => row.invitations.length === 0)
    expect(row.members.at(-1)).toMatchObject({ email: 'cy@example.com', role: 'developer' })
    expect(world.users.at(-1)!.email).toBe('cy@example.com')
  })

  it('sends who has an account to sign in first', async () => {
    signedIn = false
    invitation('grace@example.com')
    await open('/invitations/ivt_s3cret')
    await said('Sign in to join')
    expect(page.querySelector('a')!.getAttribute('href')).toBe(
      '/login?next=%2Finvitations%2Fivt_s3cret',
    )
  })

  it('is not for somebody else who is signed in', async () => {
    invitation('cy@example.com')
    await open('/invitations/ivt_s3cret')
    await said('You are signed in as ada@example.com')
    expect(page.textContent).toContain('You are signed in as ada@example.com')
    expect(page.querySelector('form')).toBeNull()
  })

  it('says that a wrong link opens nothing', async () => {
    await open('/invitations/ivt_wrong')
    await said('There is no such invitation.')
    expect(page.textContent).toContain('There is no such invitation.')
    expect(page.querySelector('form')).toBeNull()
  })
})
