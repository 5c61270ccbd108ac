import { afterEach, describe, expect, it, vi } from 'vitest'

import { frame, type Progress, portionsOf, sha256, upload } from './send'
import { type Picked, treeOf } from './tree'

const text = (content: string) => new TextEncoder().encode(content)
const picked = (path: string, content: string): Picked => ({
  path,
  bytes: content.length,
  read: async () => text(content),
})

afterEach(() => vi.unstubAllGlobals())

/** A server that keeps what it gets. */
const server = (bad: (path: string) => Response | undefined = () => undefined) => {
  const kept = new Map<string, string>()
  const asked: string[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    asked.push(path.replace('/api/v1/projects/shop/uploads', ''))
    const refused = bad(path)
    if (refused) return refused
    if (path.endsWith('/blobs')) {
      const bytes = new Uint8Array(await (init.body as Blob).arrayBuffer())
      const view = new DataView(bytes.buffer)
      for (let at = 0; at < bytes.length; ) {
        const name = new TextDecoder().decode(
          bytes.slice(at + 2, at + 2 + view.getUint16(at, true)),
        )
        const size = Number(view.getBigUint64(at + 2 + name.length, true))
        at += 2 + name.length + 8
        kept.set(name, new TextDecoder().decode(bytes.slice(at, at + size)))
        at += size
      }
      return Response.json({})
    }
    const { files } = JSON.parse(init.body as string) as { files: { sha256: string }[] }
    const missing = files.map((file) => file.sha256).filter((hash) => !kept.has(hash))
    return missing.length > 0
      ? Response.json({ id: null, missing })
      : Response.json({ id: 'upl_1', missing: [] }, { status: 201 })
  })
  return { kept, asked }
}

describe('an upload', () => {
  it('sends what is missing, and nothing twice', async () => {
    const { kept, asked } = server()
    const tree = treeOf([picked('a', 'one'), picked('b', 'two'), picked('c', 'one')])
    const seen: Progress[] = []
    expect(await upload('shop', tree, (progress) => seen.push(progress))).toBe('upl_1')
    expect([...kept.values()].sort()).toEqual(['one', 'two'])
    expect(kept.get(await sha256(text('one')))).toBe('one')
    expect(asked).toEqual(['', '/blobs', ''])
    expect(seen.at(-1)).toMatchObject({ doing: 'packing' })

    asked.length = 0
    await upload('shop', treeOf([picked('renamed', 'one')]), () => {})
    expect(asked).toEqual([''])
  })

  it('says what the server said', async () => {
    server((path) =>
      path.endsWith('/blobs')
        ? Response.json({ code: 'too_large', detail: 'too much' }, { status: 413 })
        : undefined,
    )
    await expect(upload('shop', treeOf([picked('a', 'x')]), () => {})).rejects.toThrow('Too much')
  })

  it('notices a file that changes meanwhile', async () => {
    server()
    const changing = { ...picked('a', 'x'), bytes: 7 }
    await expect(upload('shop', treeOf([changing]), () => {})).rejects.toThrow('changed')
    vi.unstubAllGlobals()
    server((path) =>
      path.endsWith('/blobs')
        ? Response.json({ code: 'blob_hash_mismatch', detail: '' }, { status: 422 })
        : undefined,
    )
    await expect(upload('shop', treeOf([picked('a', 'x')]), () => {})).rejects.toThrow('changed')
  })

  it('ends when it is stopped', async () => {
    const { asked } = server()
    const stop = new AbortController()
    stop.abort()
    await expect(
      upload('shop', treeOf([picked('a', 'x')]), () => {}, stop.signal),
    ).rejects.toThrow()
    expect(asked).toEqual([])
  })

  it('goes in portions that a request can hold', () => {
    const file = (sha: string, bytes: number) => ({ ...picked(sha, ''), sha256: sha, bytes })
    const files = [file('a', 5 * 2 ** 20), file('b', 5 * 2 ** 20), file('c', 20 * 2 ** 20)]
    const names = portionsOf(files, ['a', 'b', 'c', 'unknown']).map((p) => p.map((f) => f.sha256))
    expect(names).toEqual([['a'], ['b'], ['c']])
    const many = Array.from({ length: 450 }, (_, i) => file(`f${i}`, 1))
    expect(
      portionsOf(
        many,
        many.map((f) => f.sha256),
      ).map((p) => p.length),
    ).toEqual([200, 200, 50])
  })

  it('frames a blob as the server reads it', async () => {
    const bytes = new Uint8Array(await new Blob(frame('ab', text('xyz'))).arrayBuffer())
    expect([...bytes]).toEqual([2, 0, 97, 98, 3, 0, 0, 0, 0, 0, 0, 0, 120, 121, 122])
  })
})
