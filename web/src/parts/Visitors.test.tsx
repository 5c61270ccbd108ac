// @vitest-environment jsdom

import type { IncomingMessage } from 'node:http'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answer, Refusal } from '../../mock/api'
import { World } from '../../mock/world'
import { Toasts } from '../ui/Toast'
import { Passage } from './Passage'
import { Visitors } from './Visitors'

let world: World
let sent: { method: string; path: string; body: unknown }[]

/** The API in memory, without a socket. */
const asked = vi.fn((path: string, init: RequestInit) => {
  const headers = new Headers(init.headers)
  const request = {
    method: init.method,
    headers: { cookie: 'mock-session=1', 'if-match': headers.get('if-match') ?? undefined },
  }
  const body = init.body ? JSON.parse(String(init.body)) : {}
  if (init.method !== 'GET') sent.push({ method: String(init.method), path, body })
  try {
    const url = new URL(path, 'http://localhost')
    const reply = answer(world, request as unknown as IncomingMessage, url, body)
    if (reply.status === 204) return Promise.resolve(new Response(null, { status: 204 }))
    const etag: Record<string, string> = reply.etag ? { etag: reply.etag } : {}
    return Promise.resolve(Response.json(reply.body, { headers: etag }))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { status, code, message: detail, errors } = error
    return Promise.resolve(Response.json({ status, code, detail, errors }, { status }))
  }
})

let root: Root
let page: HTMLElement
const settled = () => act(() => new Promise((resolve) => setTimeout(resolve, 20)))

const open = async () => {
  const row = world.projects[0]!
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  await act(() =>
    root.render(
      <QueryClientProvider client={client}>
        <Visitors
          key={row.version}
          project={{ ...row.project, access: { ...row.project.access } }}
          etag={`"${row.version}"`}
        />
        <Toasts />
      </QueryClientProvider>,
    ),
  )
  await settled()
  return row
}

const labelled = <T extends HTMLElement>(label: string): T => {
  const found = [...page.querySelectorAll('label')].find((each) => each.textContent === label)
  const control = found && (document.getElementById(found.htmlFor) as T | null)
  if (!control) throw new Error(`no field “${label}”`)
  return control
}
const button = (name: string) => {
  const all = [...page.querySelectorAll('button')]
  const found = all.find((each) => (each.ariaLabel ?? each.textContent) === name)
  if (!found) throw new Error(`no button “${name}”`)
  return found
}
const press = async (name: string) => {
  await act(() => button(name).click())
  await settled()
}
const choose = async (label: string, value: string) => {
  const field = labelled<HTMLSelectElement>(label)
  await act(() => {
    field.value = value
    field.dispatchEvent(new Event('change', { bubbles: true }))
  })
}

beforeEach(() => {
  world = new World()
  world.fill()
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

describe('who may visit', () => {
  it('is everybody at first, and there is nothing to share', async () => {
    await open()
    expect(labelled<HTMLSelectElement>('Previews').value).toBe('everybody')
    expect(page.textContent).not.toContain('Share links')
  })

  it('sends what was chosen, and the password only when one was typed', async () => {
    const row = await open()
    await choose('Previews', 'password')
    labelled<HTMLInputElement>('Password').value = 'let me in please'
    await press('Save')
    expect(sent.at(-1)!.body).toEqual({
      access: { previews: 'password', production: 'everybody', password: 'let me in please' },
    })
    expect(row.project.access.has_password).toBe(true)
    await open()
    expect(labelled<HTMLInputElement>('New password').required).toBe(false)
    await choose('Production', 'members')
    await press('Save')
    expect(sent.at(-1)!.body).toEqual({ access: { previews: 'password', production: 'members' } })
  })

  it('says at the field what the server refuses', async () => {
    await open()
    await choose('Previews', 'password')
    const field = labelled<HTMLInputElement>('Password')
    expect(field.required).toBe(true)
    field.required = false
    await press('Save')
    expect(labelled('Password').getAttribute('aria-invalid')).toBe('true')
    expect(page.textContent).toContain('Choose a password.')
  })
})

describe('roles', () => {
  it('come with a key, which is shown, and go with it', async () => {
    const row = await open()
    const key = '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----'
    labelled<HTMLTextAreaElement>('Public key').value = `${key}\n`
    await press('Save key')
    expect(sent.at(-1)!.body).toEqual({ access: { role_key: key } })
    expect(row.project.access.role_key).toBe(key)
    await open()
    expect(labelled<HTMLTextAreaElement>('Public key').value).toBe(key)
    labelled<HTMLTextAreaElement>('Public key').value = ''
    await press('Save key')
    expect(row.project.access.role_key).toBe('')
  })

  it('name the field when the key is none', async () => {
    await open()
    labelled<HTMLTextAreaElement>('Public key').value = 'key'
    await press('Save key')
    expect(labelled('Public key').getAttribute('aria-invalid')).toBe('true')
  })
})

describe('share links', () => {
  it('are shown once, listed and revoked', async () => {
    world.projects[0]!.project.access.previews = 'members'
    const row = await open()
    expect(page.textContent).toContain('None. A link lets')
    await press('New link')
    await press('Make link')
    expect(sent.at(-1)!.body).toEqual({
      host: new URL(row.project.url).hostname,
      expires_in_s: 7 * 24 * 3600,
    })
    expect(page.querySelector('[data-testid=secret]')!.textContent).toContain('/.berth/access?')
    expect(page.textContent).toContain('never used')
    await press(`Revoke the link to ${row.links[0]!.host}`)
    expect(row.links).toEqual([])
    expect(page.textContent).toContain('None. A link lets')
  })

  it('end for all visitors at once', async () => {
    world.projects[0]!.project.access.production = 'members'
    const row = await open()
    await press('Sign all visitors out')
    expect(sent.at(-1)!.path).toContain(`/projects/${row.project.id}/visitors/sign-out`)
    expect(page.textContent).toContain('Everybody is signed out.')
  })
})

describe('the way back to a protected site', () => {
  const pass = async (host: string) => {
    const gone: string[] = []
    const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
    const go = (url: string) => void gone.push(url)
    await act(() =>
      root.render(
        <QueryClientProvider client={client}>
          <Passage host={host} back="/a?b" go={go} />
        </QueryClientProvider>,
      ),
    )
    await settled()
    return gone
  }

  it('leads there with a code, once', async () => {
    const host = new URL(world.projects[0]!.project.url).hostname
    expect(await pass(host)).toEqual([`http://${host}/.berth/access?code=mock&return=%2F`])
    expect(sent).toEqual([
      { method: 'POST', path: '/api/v1/access-codes', body: { host, return_to: '/a?b' } },
    ])
  })

  it('stays, and says why, where the person may not go', async () => {
    expect(await pass('nowhere.localhost')).toEqual([])
    expect(page.textContent).toContain('You may see no site at this address.')
  })
})
