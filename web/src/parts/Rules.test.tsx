// @vitest-environment jsdom

import type { IncomingMessage } from 'node:http'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answer, Refusal } from '../../mock/api'
import { World } from '../../mock/world'
import { Problem } from '../api/client'
import type { Deployment } from '../api/types'
import { headersOf } from './Explain'
import { outcomeOf } from './Explained'
import { RulesTab } from './Rules'

const world = new World()
world.fill()
const deploymentOf = (project: string, state: string) =>
  world.find(project)!.runs.find((run) => run.deployment.state === state)!.deployment

/** The API in memory, without a socket. */
const asked = vi.fn((path: string, init: RequestInit) => {
  const request = { method: init.method, headers: { cookie: 'mock-session=1' } }
  const body = init.body ? JSON.parse(String(init.body)) : {}
  try {
    const url = new URL(path, 'http://localhost')
    const reply = answer(world, request as unknown as IncomingMessage, url, body)
    return Promise.resolve(Response.json(reply.body))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { status, code, message: detail, errors } = error
    return Promise.resolve(Response.json({ status, code, detail, errors }, { status }))
  }
})

let root: Root
let page: HTMLElement
const settled = () => act(() => new Promise((resolve) => setTimeout(resolve, 20)))

const open = async (project: string, state = 'ready', change: Partial<Deployment> = {}) => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  await act(() =>
    root.render(
      <QueryClientProvider client={client}>
        <RulesTab deployment={{ ...deploymentOf(project, state), ...change }} />
      </QueryClientProvider>,
    ),
  )
  await settled()
}

const field = (name: string) => page.querySelector<HTMLInputElement>(`[name=${name}]`)!
const ask = async (url: string, headers = '') => {
  field('url').value = url
  field('headers').value = headers
  // As Enter in the field does.
  await act(() => field('url').form!.requestSubmit())
  await settled()
}
const headings = () => [...page.querySelectorAll('h2')].map((each) => each.textContent)

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  vi.stubGlobal('fetch', asked)
  asked.mockClear()
  page = document.body.appendChild(document.createElement('div'))
  root = createRoot(page)
})

afterEach(async () => {
  await act(() => root.unmount())
  page.remove()
  vi.unstubAllGlobals()
})

describe('what the rule files say', () => {
  it('is the dialect, the counts and the problems, errors first', async () => {
    await open('harbour-site')
    expect(page.textContent).toContain('Netlify: there is a netlify.toml')
    expect(page.textContent).toContain('14 rules, 1 header rule')
    expect(page.textContent).toContain('1 error, 1 warning')
    const problems = [...page.querySelectorAll('[aria-label=Problems] li')]
    expect(problems.map((each) => each.querySelector('p')!.textContent)).toEqual([
      'Error_redirects:9',
      'Warningnetlify.toml:31',
    ])
    expect(problems[0]!.textContent).toContain('/moorings/map')
    expect(problems[0]!.textContent).toContain('the line has no target')
  })

  it('is nothing for a site without rules', async () => {
    await open('handbook')
    expect(headings()).toEqual(['Explain this URL'])
  })

  it('is not asked before anything is published', async () => {
    await open('harbour-site', 'failed')
    expect(page.textContent).toContain('No rules yet')
    expect(field('url')).toBeNull()
    expect(asked).not.toHaveBeenCalled()
  })
})

describe('a deployment that has published nothing', () => {
  it('has neither rules nor a question', async () => {
    await open('harbour-site', 'failed', { state: 'ready' })
    expect(asked).toHaveBeenCalledTimes(1)
    expect(page.textContent).toContain('No rules yet')
    expect(field('url')).toBeNull()
  })
})

describe('explaining a URL', () => {
  it('says the outcome, then what was tried, then the headers', async () => {
    await open('harbour-site')
    await ask('/tides/march')
    const outcome = page.querySelector('[aria-live] [data-testid=outcome]')!
    expect(outcome.textContent).toContain('301 redirects to /tables/march')
    const steps = [...page.querySelectorAll('ol li')]
    expect(steps.map((step) => step.querySelector('code')!.textContent)).toEqual([
      '_redirects:3',
      'files',
      '_redirects:4',
    ])
    const deciding = steps.filter((step) => step.textContent!.includes('Decides'))
    expect(deciding).toEqual([steps[2]])
    expect(deciding[0]!.textContent).toContain('/tides/*  /tables/:splat')
    expect(page.textContent).toContain('cache-control: no-store')
  })

  it('takes headers', async () => {
    await open('harbour-site')
    await ask('/tides/march', 'Accept-Language: de\n\n Cookie: beta=1')
    expect(page.querySelector('[data-testid=outcome]')!.textContent).toContain(
      '302 redirects to /beta/march',
    )
  })

  it('says at the input what is wrong with it', async () => {
    await open('harbour-site')
    await ask('/%zz')
    const input = field('url')
    expect(input.getAttribute('aria-invalid')).toBe('true')
    const told = input.getAttribute('aria-describedby')!.split(' ')
    expect(document.getElementById(told.at(-1)!)!.textContent).toBe(
      'The path must begin with / and have no malformed or forbidden escape',
    )
    expect(document.activeElement).toBe(input)
    expect(page.querySelector('[data-testid=outcome]')).toBeNull()
  })

  it('opens what is hidden to say what is wrong there, and asks nobody', async () => {
    await open('handbook')
    asked.mockClear()
    await ask('/', 'nonsense')
    expect(page.querySelector('details')!.open).toBe(true)
    expect(field('headers').getAttribute('aria-invalid')).toBe('true')
    expect(page.textContent).toContain('“nonsense” must be “Name: value”')
    expect(asked).not.toHaveBeenCalled()
  })
})

describe('an outcome', () => {
  const told = (status: number, file = '', location = '', fetched = false) =>
    outcomeOf({
      status,
      file,
      location,
      fetched,
      url: '',
      dialect: 'berth',
      why: '',
      steps: [],
      headers: [],
    })

  it('is told in words', () => {
    expect(told(200, 'a.html')).toEqual(['serves', 'a.html'])
    expect(told(404, '404.html')).toEqual(['answers with', '404.html'])
    expect(told(404)).toEqual(['no file of the site', ''])
    expect(told(301, '', '/new')).toEqual(['redirects to', '/new'])
    expect(told(200, '', 'https://a.example/', true)).toEqual([
      'fetched from',
      'https://a.example/',
    ])
  })
})

describe('lines of headers', () => {
  it('are names and values', () => {
    expect(headersOf('A: 1\n\nB:x: y')).toEqual({ A: '1', B: 'x: y' })
    expect(() => headersOf(': 1')).toThrow(Problem)
  })
})
