import { describe, expect, it } from 'vitest'

import { LogStore } from './store'

const encode = (text: string) => new TextEncoder().encode(text)
const head = (step = 0, stream = 0, level = 0, delta_ms = 0) => ({ delta_ms, stream, level, step })

const storeOf = (...lines: string[]) => {
  const store = new LogStore()
  for (const line of lines) store.append(head(), encode(line))
  return store
}

describe('a log', () => {
  it('gives back what was put in, line by line', () => {
    const store = storeOf('one', '', 'zwölf', '\x1b[31mred\x1b[0m')
    expect(store.count).toBe(4)
    expect([0, 1, 2].map((line) => store.raw(line))).toEqual(['one', '', 'zwölf'])
    expect(store.text(3)).toBe('red')
  })

  it('keeps time, stream, level and step', () => {
    const store = new LogStore()
    store.append({ delta_ms: 123_456, stream: 1, level: 2, step: 4 }, encode('x'))
    expect(store.head(0)).toEqual({ delta_ms: 123_456, stream: 1, level: 2, step: 4 })
    expect(store.errors.length).toBe(1)
  })

  it('goes over the end of a block without cutting a line', () => {
    const store = new LogStore()
    const text = 'x'.repeat(16_000)
    for (let i = 0; i < 200; i++) store.append(head(), encode(`${i} ${text}`))
    expect(store.raw(0)).toBe(`0 ${text}`)
    expect(store.raw(199)).toBe(`199 ${text}`)
    expect(store.bytes).toBe(4 * 1024 * 1024)
  })

  it('carries a colour within its stream, not into another or the next step', () => {
    const store = new LogStore()
    store.append(head(2, 0), encode('\x1b[32mgreen'))
    store.append(head(2, 1), encode('stderr'))
    store.append(head(2, 0), encode('\x1b[0mplain after'))
    store.append(head(2, 0), encode('\x1b[31mred'))
    store.append(head(3, 0), encode('next step'))
    expect(store.styleAtStart(1)).toBe(0)
    expect(store.styleAtStart(2)).not.toBe(0)
    expect(store.styleAtStart(4)).toBe(0)
  })

  it('begins a section with each step', () => {
    const store = new LogStore()
    for (const step of [0, 0, 1, 3, 3, 3]) store.append(head(step), encode('x'))
    expect(store.sections.map((section) => [section.step, section.first])).toEqual([
      [0, 0],
      [1, 2],
      [3, 3],
    ])
  })

  it('forgets the open line when the next one is complete', () => {
    const store = storeOf('a')
    store.setOpen(head(), '50 %')
    expect(store.open?.text).toBe('50 %')
    store.append(head(), encode('100 %'))
    expect(store.open).toBeNull()
  })

  it('holds 100,000 lines in their bytes and little more', () => {
    const store = new LogStore()
    const bytes = encode('y'.repeat(80))
    for (let i = 0; i < 100_000; i++) store.append(head(), bytes)
    expect(store.count).toBe(100_000)
    expect(store.bytes).toBeLessThan(9 * 1024 * 1024)
  })
})
