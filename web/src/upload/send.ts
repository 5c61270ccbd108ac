// Brings a tree to the server as `berth deploy DIR` does: names and hashes first, then the bytes that
// it lacks, then the names again.

import { call, Problem } from '../api/client'
import type { Picked, PickedTree } from './tree'

export interface Progress {
  doing: 'reading' | 'sending' | 'packing'
  files: number
  of_files: number
  bytes: number
}

interface UploadReply {
  id: string | null
  missing: string[]
}

interface Hashed extends Picked {
  sha256: string
}

const portion_bytes_max = 8 * 2 ** 20
const portion_files_max = 200
const rounds_max = 20 // of 10,000 missing files each

const hex = (bytes: ArrayBuffer) =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')

export const sha256 = async (bytes: Uint8Array<ArrayBuffer>) => {
  // Browsers have it on https and on localhost only.
  if (!globalThis.crypto?.subtle)
    throw new Error('This browser hashes files on https pages only: use `berth deploy`.')
  return hex(await crypto.subtle.digest('SHA-256', bytes))
}

/** u16 name bytes, name, u64 bytes, bytes; little endian. */
export const frame = (name: string, bytes: Uint8Array<ArrayBuffer>): BlobPart[] => {
  const head = new Uint8Array(2 + name.length + 8)
  const view = new DataView(head.buffer)
  view.setUint16(0, name.length, true)
  head.set(new TextEncoder().encode(name), 2)
  view.setBigUint64(2 + name.length, BigInt(bytes.length), true)
  return [head, bytes]
}

/** What is sent together. */
export const portionsOf = (files: Hashed[], missing: string[]): Hashed[][] => {
  const by_hash = new Map(files.map((file) => [file.sha256, file]))
  const portions: Hashed[][] = []
  let open: Hashed[] = []
  let bytes = 0
  for (const hash of missing) {
    const file = by_hash.get(hash)
    if (!file) continue
    const full = bytes + file.bytes > portion_bytes_max || open.length === portion_files_max
    if (full && open.length > 0) {
      portions.push(open)
      open = []
      bytes = 0
    }
    open.push(file)
    bytes += file.bytes
  }
  if (open.length > 0) portions.push(open)
  return portions
}

const changed = () => new Error('Files changed while they were uploaded: choose the folder again.')

const hashAll = async (
  tree: PickedTree,
  tell: (progress: Progress) => void,
  stop?: AbortSignal,
) => {
  const hashed: Hashed[] = []
  let bytes = 0
  for (const file of tree.files) {
    stop?.throwIfAborted()
    tell({ doing: 'reading', files: hashed.length, of_files: tree.files.length, bytes })
    const content = await file.read()
    if (content.length !== file.bytes) throw changed()
    hashed.push({ ...file, sha256: await sha256(content) })
    bytes += file.bytes
  }
  return hashed
}

/** The upload's id. Throws a Problem of the server, or an Error in words for people. */
export const upload = async (
  project: string,
  tree: PickedTree,
  tell: (progress: Progress) => void,
  stop?: AbortSignal,
): Promise<string> => {
  const path = `/projects/${encodeURIComponent(project)}/uploads`
  const files = await hashAll(tree, tell, stop)
  const body = {
    files: files.map((file) => ({ path: file.path, sha256: file.sha256, bytes: file.bytes })),
  }
  let sent = 0
  let bytes = 0
  for (let round = 0; round < rounds_max; round++) {
    tell({ doing: 'packing', files: sent, of_files: files.length, bytes })
    let reply: UploadReply
    try {
      reply = await call<UploadReply>(path, { method: 'POST', body, signal: stop })
    } catch (error) {
      if (error instanceof Problem && error.body.code === 'upload_incomplete') continue
      throw error
    }
    if (reply.id) return reply.id
    for (const portion of portionsOf(files, reply.missing)) {
      tell({ doing: 'sending', files: sent, of_files: files.length, bytes })
      const parts: BlobPart[] = []
      for (const file of portion) parts.push(...frame(file.sha256, await file.read()))
      try {
        await call<object>(`${path}/blobs`, { method: 'POST', raw: new Blob(parts), signal: stop })
      } catch (error) {
        if (error instanceof Problem && error.body.code === 'blob_hash_mismatch') throw changed()
        throw error
      }
      sent += portion.length
      bytes += portion.reduce((sum, file) => sum + file.bytes, 0)
    }
  }
  throw changed()
}
