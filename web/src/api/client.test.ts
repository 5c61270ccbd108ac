import { afterEach, describe, expect, it, vi } from 'vitest'

import { call, callVersioned, onSignedOut, Problem } from './client'

const answers: Response[] = []
const asked: { path: string; init: RequestInit }[] = []

const serve = (...list: Response[]) => {
  answers.push(...list)
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    asked.push({ path, init })
    const next = answers.shift()
    if (!next) throw new TypeError('network')
    return next
  })
}
const json = (status: number, body: unknown, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers })

afterEach(() => {
  answers.length = 0
  asked.length = 0
  vi.unstubAllGlobals()
})

describe('a call', () => {
  it('gives the answer and its version', async () => {
    serve(json(200, { a: 1 }, { ETag: '"7"' }))
    expect(await callVersioned('/x')).toEqual({ data: { a: 1 }, etag: '"7"' })
    expect(asked[0]?.path).toBe('/api/v1/x')
  })

  it('sends If-Match, and a key with every POST', async () => {
    serve(json(200, {}), json(200, {}))
    await call('/x', { method: 'PUT', etag: '"7"', body: {} })
    await call('/x', { method: 'POST', body: {} })
    expect(new Headers(asked[0]?.init.headers).get('If-Match')).toBe('"7"')
    expect(new Headers(asked[1]?.init.headers).get('Idempotency-Key')).toMatch(/^[0-9a-f]{32}$/)
  })

  it('refreshes once and goes on, with the same key', async () => {
    serve(json(401, {}), json(200, {}), json(200, { ok: true }))
    expect(await call('/x', { method: 'POST', body: {} })).toEqual({ ok: true })
    expect(asked.map((each) => each.path)).toEqual([
      '/api/v1/x',
      '/api/v1/auth/refresh',
      '/api/v1/x',
    ])
    const keys = [0, 2].map((i) => new Headers(asked[i]?.init.headers).get('Idempotency-Key'))
    expect(keys[0]).toBe(keys[1])
  })

  it('says that nobody is signed in when the refresh fails', async () => {
    const out = vi.fn()
    onSignedOut(out)
    serve(json(401, { code: 'not_signed_in' }), json(401, {}))
    await expect(call('/x')).rejects.toMatchObject({ status: 401 })
    expect(out).toHaveBeenCalledOnce()
  })

  it('refreshes once for calls that fail together', async () => {
    serve(json(401, {}), json(401, {}), json(200, {}), json(200, 1), json(200, 2))
    await Promise.all([call('/a'), call('/b')])
    expect(asked.filter((each) => each.path.endsWith('/refresh'))).toHaveLength(1)
  })

  it('carries what the server said about a field', async () => {
    serve(
      json(422, {
        code: 'invalid',
        detail: 'No.',
        errors: [{ pointer: '/name', code: 'invalid_name', detail: 'name: not a label' }],
      }),
    )
    const error = (await call('/x').catch((each: unknown) => each)) as Problem
    expect(error).toBeInstanceOf(Problem)
    expect(error.field('/name')).toBe('Not a label')
    expect(error.field('/other')).toBeUndefined()
  })

  it('survives an answer that is no JSON, and none at all', async () => {
    serve(new Response('<html>bad gateway', { status: 502 }))
    await expect(call('/x')).rejects.toMatchObject({ status: 502, body: { code: 'http_502' } })
    await expect(call('/x')).rejects.toMatchObject({ status: 0, body: { code: 'unreachable' } })
  })
})
