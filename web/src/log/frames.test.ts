import { describe, expect, it } from 'vitest'

import { frameTypes, LineReader, readHead, readJson } from './frames'
import { writeJson, writeLines } from './write'

const line = (text: string) => ({ head: { delta_ms: 7, stream: 1, level: 2, step: 3 }, text })

describe('a frame', () => {
  it('brings lines through as they were', () => {
    const frame = writeLines(41, [line('a'), line('zwölf'), line('')])
    const head = readHead(frame)
    expect(head).toEqual({ type: frameTypes.lines, count: 3, first: 41 })
    const reader = new LineReader(frame, head)
    const texts = []
    while (!reader.done) {
      const { head: lineHead, text } = reader.read()
      expect(lineHead).toEqual({ delta_ms: 7, stream: 1, level: 2, step: 3 })
      texts.push(new TextDecoder().decode(text))
    }
    expect(texts).toEqual(['a', 'zwölf', ''])
    expect(reader.next).toBe(44)
  })

  it('is laid out as the server lays it out', () => {
    const bytes = new Uint8Array(writeLines(5, [line('ab')]))
    expect([...bytes]).toEqual([
      1, 1, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 2, 3, 0, 2, 0, 0, 0, 97, 98,
    ])
  })

  it('brings a state through', () => {
    const frame = writeJson(frameTypes.end, 9, { state: 'ready', lines: 9, exit_code: 0 })
    expect(readHead(frame).type).toBe(frameTypes.end)
    expect(readJson(frame)).toEqual({ state: 'ready', lines: 9, exit_code: 0 })
  })

  it('that is cut off, or of another version, is refused', () => {
    expect(() => readHead(new ArrayBuffer(8))).toThrow(RangeError)
    expect(() => readHead(new Uint8Array(16).fill(9).buffer)).toThrow('protocol 9')
    const cut = writeLines(0, [line('abc')]).slice(0, 30)
    const reader = new LineReader(cut, readHead(cut))
    expect(() => reader.read()).toThrow(RangeError)
  })
})
