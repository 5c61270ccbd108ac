// The other direction of the wire: the mock server, the tests, and the fallback that arrives as text.

import { frameTypes, headBytes, lineHeadBytes } from './frames'
import type { LineHead } from './store'

export interface WireLine {
  head: LineHead
  text: string
}

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
