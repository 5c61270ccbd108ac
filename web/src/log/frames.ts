// The wire of `berth.log.v1`, little endian: a head of 16 bytes {version u8, type u8, topic u16, count u32,
// first u64}, then for lines a head of 12 {delta_ms u32, stream u8, level u8, step u16, length u32} and
// their bytes. `count` of a state or end is the length of its JSON.

import type { LineHead } from './store'

export const frameTypes = { lines: 1, replace: 2, gap: 3, state: 4, end: 5 } as const
export const headBytes = 16
export const lineHeadBytes = 12

export interface FrameHead {
  type: number
  count: number
  first: number
}

/** Throws a RangeError, as all here do, when the frame is cut off or not of our protocol. */
export const readHead = (frame: ArrayBuffer): FrameHead => {
  const view = new DataView(frame)
  if (view.getUint8(0) !== 1) throw new RangeError(`log protocol ${view.getUint8(0)}, expected 1`)
  return {
    type: view.getUint8(1),
    count: view.getUint32(4, true),
    first: Number(view.getBigUint64(8, true)),
  }
}

/** Reads lines of a frame one by one, so that a drain can stop between two. */
export class LineReader {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  #offset = headBytes
  #left: number
  next: number

  constructor(frame: ArrayBuffer, head: FrameHead) {
    this.#view = new DataView(frame)
    this.#bytes = new Uint8Array(frame)
    this.#left = head.count
    this.next = head.first
  }

  get done() {
    return this.#left === 0
  }

  /** The line numbered `next`, which then grows. The bytes are a view into the frame. */
  read(): { head: LineHead; text: Uint8Array } {
    const at = this.#offset
    const length = this.#view.getUint32(at + 8, true)
    const from = at + lineHeadBytes
    if (from + length > this.#bytes.length) throw new RangeError('line cut off')
    this.#offset = from + length
    this.#left--
    this.next++
    return {
      head: {
        delta_ms: this.#view.getUint32(at, true),
        stream: this.#view.getUint8(at + 4),
        level: this.#view.getUint8(at + 5),
        step: this.#view.getUint16(at + 6, true),
      },
      text: this.#bytes.subarray(from, from + length),
    }
  }
}

export const readJson = (frame: ArrayBuffer): unknown =>
  JSON.parse(new TextDecoder().decode(new Uint8Array(frame, headBytes)))
