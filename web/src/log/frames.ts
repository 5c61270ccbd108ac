// The wire of `berth.log.v1`, little endian: a head of 16 bytes {version u8, type u8, topic u16, count u32,
// first u64}, then for lines a head of 12 {delta_ms u32, stream u8, level u8, step u16, length u32} and
// their bytes. `count` of a state or end is the length of its JSON.

import type { LineHead } from './store'

export const frameTypes = { lines: 1, replace: 2, gap: 3, state: 4, end: 5 } as const
const headBytes = 16
const lineHeadBytes = 12

export interface FrameHead {
  type: number
  count: number
  first: number
}

export class FrameError extends Error {}

export const readHead = (frame: ArrayBuffer): FrameHead => {
  if (frame.byteLength < headBytes) throw new FrameError('frame shorter than its head')
  const view = new DataView(frame)
  if (view.getUint8(0) !== 1) throw new FrameError(`log protocol ${view.getUint8(0)}, expected 1`)
  return {
    type: view.getUint8(1),
    count: view.getUint32(4, true),
    first: Number(view.getBigUint64(8, true)),
  }
}

/** Reads lines of a frame one by one, so that a drain can stop between two. */
export class LineReader {
  private readonly view: DataView
  private readonly bytes: Uint8Array
  private offset = headBytes
  private left: number
  next: number

  constructor(frame: ArrayBuffer, head: FrameHead) {
    this.view = new DataView(frame)
    this.bytes = new Uint8Array(frame)
    this.left = head.count
    this.next = head.first
  }

  get done() {
    return this.left === 0
  }

  /** The line numbered `next`, which then grows. The bytes are a view into the frame. */
  read(): { head: LineHead; text: Uint8Array } {
    const at = this.offset
    if (at + lineHeadBytes > this.bytes.length) throw new FrameError('line head cut off')
    const length = this.view.getUint32(at + 8, true)
    const from = at + lineHeadBytes
    if (from + length > this.bytes.length) throw new FrameError('line cut off')
    this.offset = from + length
    this.left--
    this.next++
    return {
      head: {
        delta_ms: this.view.getUint32(at, true),
        stream: this.view.getUint8(at + 4),
        level: this.view.getUint8(at + 5),
        step: this.view.getUint16(at + 6, true),
      },
      text: this.bytes.subarray(from, from + length),
    }
  }
}

export const readJson = (frame: ArrayBuffer): unknown =>
  JSON.parse(new TextDecoder().decode(new Uint8Array(frame, headBytes)))

export const readGap = (frame: ArrayBuffer): { from: number; to: number } => {
  if (frame.byteLength < headBytes + 16) throw new FrameError('gap cut off')
  const view = new DataView(frame)
  return {
    from: Number(view.getBigUint64(headBytes, true)),
    to: Number(view.getBigUint64(headBytes + 8, true)),
  }
}

export interface WireLine {
  head: LineHead
  text: string
}

/** The other direction: the mock server, the tests, and the fallback that arrives as text. */
export const writeLines = (first: number, lines: WireLine[], type: number = frameTypes.lines) => {
  const encoder = new TextEncoder()
  const texts = lines.map((line) => encoder.encode(line.text))
  const size = texts.reduce((sum, text) => sum + lineHeadBytes + text.length, headBytes)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  writeHead(view, type, lines.length, first)
  let at = headBytes
  for (const [i, line] of lines.entries()) {
    const text = texts[i]!
    view.setUint32(at, line.head.delta_ms, true)
    view.setUint8(at + 4, line.head.stream)
    view.setUint8(at + 5, line.head.level)
    view.setUint16(at + 6, line.head.step, true)
    view.setUint32(at + 8, text.length, true)
    bytes.set(text, at + lineHeadBytes)
    at += lineHeadBytes + text.length
  }
  return bytes.buffer
}

export const writeJson = (type: number, first: number, value: unknown) => {
  const text = new TextEncoder().encode(JSON.stringify(value))
  const bytes = new Uint8Array(headBytes + text.length)
  writeHead(new DataView(bytes.buffer), type, text.length, first)
  bytes.set(text, headBytes)
  return bytes.buffer
}

const writeHead = (view: DataView, type: number, count: number, first: number) => {
  view.setUint8(0, 1)
  view.setUint8(1, type)
  view.setUint32(4, count, true)
  view.setBigUint64(8, BigInt(first), true)
}
