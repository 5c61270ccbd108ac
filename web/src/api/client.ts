import type { ProblemBody } from './types'

/** The API begins its details small, for terminals; a page begins a sentence. Names keep their case. */
const sentence = (text: string) =>
  /^[a-z]+(-[a-z]+)?[ ,]/.test(text) ? text[0]!.toUpperCase() + text.slice(1) : text

/** A failed call, as the server explained it; `status` 0 means that no answer came. */
export class Problem extends Error {
  readonly status: number
  readonly body: ProblemBody

  constructor(body: ProblemBody) {
    super(sentence(body.detail || body.title || 'The request failed.'))
    this.name = 'Problem'
    this.status = body.status
    this.body = body
  }

  /** What the server says about one field, found by its JSON pointer ("/name"). */
  field(pointer: string): string | undefined {
    const found = this.body.errors?.find((error) => error.pointer === pointer)?.detail
    if (found === undefined) return undefined
    // "name: …" says again what the field's label says.
    const name = pointer.split('/').pop()!
    return sentence(found.startsWith(`${name}: `) ? found.slice(name.length + 2) : found)
  }
}

/** An answer with the version that a later change must name in If-Match. */
export interface Versioned<T> {
  data: T
  etag: string | null
}

export interface CallOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  /** Bytes instead of JSON. What is sent twice is stored once: no key goes with them. */
  raw?: Blob
  etag?: string | null
  signal?: AbortSignal
  /** Sign-in calls say 401 themselves: no refresh, no sign-in page. */
  anonymous?: boolean
  /** Refreshes, but does not go to the sign-in page: the one who asks decides. */
  asking?: boolean
}

const base = '/api/v1'
let refreshing: Promise<boolean> | null = null
let signedOut: () => void = () => {}

/** Called once a session cannot be renewed. */
export const onSignedOut = (handler: () => void) => {
  signedOut = handler
}

/** 128 random bits. `crypto.randomUUID` is missing on plain http, which a fresh install uses. */
export const randomKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')

const send = (path: string, options: CallOptions, key: string | null) => {
  const headers = new Headers({ Accept: 'application/json' })
  if (options.body !== undefined) headers.set('Content-Type', 'application/json')
  if (options.raw) headers.set('Content-Type', 'application/octet-stream')
  if (options.etag) headers.set('If-Match', options.etag)
  if (key) headers.set('Idempotency-Key', key)
  return fetch(base + path, {
    method: options.method ?? 'GET',
    headers,
    body: options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
    signal: options.signal,
    credentials: 'same-origin',
  })
}

const problemOf = async (response: Response): Promise<Problem> => {
  const fallback: ProblemBody = {
    status: response.status,
    code: `http_${response.status}`,
    detail: `The server answered ${response.status} ${response.statusText}.`.replace(' .', '.'),
  }
  try {
    const body = (await response.json()) as Partial<ProblemBody>
    return new Problem({ ...fallback, ...body, status: response.status })
  } catch {
    return new Problem(fallback)
  }
}

/** One refresh at a time, whoever asks; another tab's refresh counts as ours through the cookie. */
export const refresh = () => {
  refreshing ??= send('/auth/refresh', { method: 'POST' }, null)
    .then((response) => response.ok)
    .catch(() => false)
    .finally(() => {
      refreshing = null
    })
  return refreshing
}

const exchange = async (path: string, options: CallOptions): Promise<Response> => {
  const key = options.method === 'POST' && !options.raw ? randomKey() : null
  try {
    const first = await send(path, options, key)
    if (first.status !== 401 || options.anonymous) return first
    if (await refresh()) return await send(path, options, key)
    return first
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Problem({
      status: 0,
      code: 'unreachable',
      detail: 'Berth does not answer. Sites stay up without it; this page tries again.',
    })
  }
}

/** Calls the API; anything but success is a `Problem`. */
export const callVersioned = async <T>(
  path: string,
  options: CallOptions = {},
): Promise<Versioned<T>> => {
  const response = await exchange(path, options)
  if (!response.ok) {
    const problem = await problemOf(response)
    if (response.status === 401 && !options.anonymous && !options.asking) signedOut()
    throw problem
  }
  const text = response.status === 204 ? '' : await response.text()
  return {
    data: (text ? JSON.parse(text) : undefined) as T,
    etag: response.headers.get('ETag'),
  }
}

export const call = async <T>(path: string, options: CallOptions = {}): Promise<T> =>
  (await callVersioned<T>(path, options)).data
