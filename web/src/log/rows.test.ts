import { describe, expect, it } from 'vitest'

import { rowOf } from './columns'
import { RowModel } from './rows'
import { LogStore } from './store'

const encode = (text: string) => new TextEncoder().encode(text)

const build = (lines: [number, number][]) => {
  const store = new LogStore()
  for (const [step, columns] of lines)
    store.append({ delta_ms: 0, stream: 0, level: 0, step }, encode('x'.repeat(columns)))
  const rows = new RowModel(store)
  rows.sync()
  return { store, rows }
}

/** Every row, found anew, and by walking: both must agree. */
const walk = (rows: RowModel) => {
  const found = Array.from({ length: rows.total }, (_, row) => rows.locate(row)!)
  let place = rows.locate(0)
  for (const each of found) {
    if (place?.line !== each.line || place.sub !== each.sub) expect(place).toEqual(each)
    place = place && rows.next(place)
  }
  expect(place).toBeNull()
  return found.map(({ line, sub }) => `${line}.${sub}`)
}

describe('rows', () => {
  it('have a heading before each section', () => {
    const { rows } = build([
      [0, 5],
      [0, 5],
      [3, 5],
    ])
    expect(walk(rows)).toEqual(['0.-1', '0.0', '1.0', '2.-1', '2.0'])
    expect(rows.rowOf(2)).toBe(4)
  })

  it('wrap by columns', () => {
    const { rows } = build([
      [0, 5],
      [0, 25],
      [0, 0],
    ])
    rows.wrapAt(10)
    expect(walk(rows)).toEqual(['0.-1', '0.0', '1.0', '1.1', '1.2', '2.0'])
  })

  it('hide a folded section but its heading', () => {
    const { rows } = build([
      [0, 5],
      [2, 5],
      [2, 5],
      [3, 5],
    ])
    rows.fold(1, true)
    expect(walk(rows)).toEqual(['0.-1', '0.0', '1.-1', '3.-1', '3.0'])
    expect(rows.rowOf(2)).toBe(2)
    rows.fold(1, false)
    expect(rows.total).toBe(7)
  })

  it('grow with the log, over the chunks of the sums', () => {
    const { store, rows } = build([[0, 3]])
    for (let i = 0; i < 5_000; i++)
      store.append(
        { delta_ms: 0, stream: 0, level: 0, step: i < 2_500 ? 2 : 3 },
        encode('x'.repeat(i % 30)),
      )
    rows.sync()
    rows.wrapAt(12)
    walk(rows)
    for (const line of [0, 1, 1_023, 1_024, 2_500, 2_501, 4_999])
      expect(rows.locate(rows.rowOf(line))).toEqual({ line, sub: 0 })
    rows.wrapAt(0)
    expect(rows.total).toBe(5_001 + 3)
  })

  it('are found past a fold at the end', () => {
    const { rows } = build([
      [0, 5],
      [3, 5],
      [3, 5],
    ])
    rows.fold(1, true)
    expect(walk(rows)).toEqual(['0.-1', '0.0', '1.-1'])
  })
})

describe('a row of a wrapped line', () => {
  const run = (text: string, className = '') => ({ text, className, href: null })
  const row = (runs: ReturnType<typeof run>[], width: number, sub: number) =>
    rowOf(runs, width, sub).map((each) => each.text)

  it('gives wide characters two columns', () => {
    expect([0, 1, 2].map((sub) => row([run('a漢字b')], 3, sub))).toEqual([['a漢'], ['字b'], []])
  })

  it('goes on where the run before it ended', () => {
    expect(row([run('xy'), run('abcdef', 'fg-red')], 4, 0)).toEqual(['xy', 'ab'])
    expect(row([run('xy'), run('abcdef', 'fg-red')], 4, 1)).toEqual(['cdef'])
  })

  it('spreads tabs to stops of the whole line, over its rows', () => {
    expect(row([run('a\tb')], 0, 0)).toEqual(['a       b'])
    expect(row([run('a\tb')], 4, 0)).toEqual(['a   '])
    expect(row([run('a\tb')], 4, 2)).toEqual(['b'])
  })

  it('leaves a line that is neither wrapped nor tabbed as it is', () => {
    const runs = [run('plain')]
    expect(rowOf(runs, 0, 0)).toBe(runs)
  })
})
