import { describe, expect, it } from 'vitest'

import { compile, mark, Search, spansIn } from './search'
import { LogStore } from './store'

const storeOf = (...lines: string[]) => {
  const store = new LogStore()
  for (const text of lines)
    store.append({ delta_ms: 0, stream: 0, level: 0, step: 0 }, new TextEncoder().encode(text))
  return store
}
const query = (text: string, more = {}) =>
  compile({ text, regex: false, match_case: false, ...more })
const found = (store: LogStore, pattern: RegExp) => {
  const search = new Search(store, pattern)
  while (!search.complete) search.step(0)
  return search
}

describe('a search', () => {
  it('finds text, whatever its case, through colours', () => {
    const store = storeOf('an Error', 'fine', '\x1b[31mer\x1b[0mror')
    expect(found(store, query('error') as RegExp).lines).toEqual([0, 2])
    expect(found(store, query('error', { match_case: true }) as RegExp).lines).toEqual([2])
  })

  it('takes text as text unless asked', () => {
    const store = storeOf('a.b', 'axb')
    expect(found(store, query('a.b') as RegExp).lines).toEqual([0])
    expect(found(store, query('a.b', { regex: true }) as RegExp).lines).toEqual([0, 1])
  })

  it('says what is wrong with an expression', () => {
    expect(query('(', { regex: true })).toContain('not a valid')
    expect(query('')).toBeNull()
  })

  it('goes on as lines arrive', () => {
    const store = storeOf('x')
    const search = found(store, query('y') as RegExp)
    expect(search.lines).toEqual([])
    store.append({ delta_ms: 0, stream: 0, level: 0, step: 0 }, new TextEncoder().encode('y'))
    expect(search.complete).toBe(false)
    search.step(0)
    expect(search.lines).toEqual([1])
  })

  it('goes to the nearest match and round at the ends', () => {
    const search = found(storeOf('m', '-', 'm', '-', 'm'), query('m') as RegExp)
    expect(search.from(1, false)).toBe(1)
    expect(search.from(1, true)).toBe(0)
    expect(search.from(5, false)).toBe(0)
    expect(found(storeOf('a'), query('z') as RegExp).from(0, false)).toBe(-1)
  })

  it('ignores empty matches', () => {
    expect(spansIn('aab', /x*/gu)).toEqual([])
  })
})

describe('marking', () => {
  it('splits runs where a match crosses them', () => {
    const runs = [
      { text: 'ab', className: 'fg-red', href: null },
      { text: 'cd', className: '', href: null },
    ]
    expect(mark(runs, [{ from: 1, to: 3 }]).map((run) => [run.text, run.className])).toEqual([
      ['a', 'fg-red'],
      ['b', 'fg-red log-match'],
      ['c', 'log-match'],
      ['d', ''],
    ])
  })
})
