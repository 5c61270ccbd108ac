import type { Run } from './sgr'
import type { LogStore } from './store'

export interface Query {
  text: string
  regex: boolean
  match_case: boolean
}

export interface Span {
  from: number
  to: number
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The pattern of a query; null when there is none, an error text when it does not compile. */
export const compile = (query: Query): RegExp | string | null => {
  if (query.text === '') return null
  try {
    return new RegExp(
      query.regex ? query.text : escaped(query.text),
      query.match_case ? 'gu' : 'giu',
    )
  } catch {
    return 'This is not a valid regular expression.'
  }
}

/** Where a pattern matches in a text; at most 200 places, empty matches left out. */
export const spansIn = (text: string, pattern: RegExp): Span[] => {
  const spans: Span[] = []
  pattern.lastIndex = 0
  for (let match = pattern.exec(text); match && spans.length < 200; match = pattern.exec(text)) {
    if (match[0] === '') pattern.lastIndex++
    else spans.push({ from: match.index, to: match.index + match[0].length })
  }
  return spans
}

/** Splits runs where matches begin and end, and marks the matches. */
export const mark = (runs: Run[], spans: Span[]): Run[] => {
  const out: Run[] = []
  let at = 0
  let span = 0
  for (const run of runs) {
    let rest = run.text
    while (rest) {
      while (span < spans.length && spans[span]!.to <= at) span++
      const next = spans[span]
      const inside = next !== undefined && next.from <= at
      const stop = next === undefined ? rest.length : (inside ? next.to : next.from) - at
      const text = rest.slice(0, Math.min(stop, rest.length))
      out.push({
        ...run,
        text,
        className: inside ? `${run.className} log-match`.trim() : run.className,
      })
      rest = rest.slice(text.length)
      at += text.length
    }
  }
  return out
}

/** Looks through a log a slice at a time, and goes on as lines arrive. */
export class Search {
  readonly pattern: RegExp
  /** Lines with at least one match, ascending. */
  readonly lines: number[] = []
  #scanned = 0
  readonly #store: LogStore

  constructor(store: LogStore, pattern: RegExp) {
    this.#store = store
    this.pattern = pattern
  }

  get complete() {
    return this.#scanned >= this.#store.count
  }

  /** Scans until `deadline` (performance.now()); answers whether anything was found. */
  step(deadline: number): boolean {
    const before = this.lines.length
    while (!this.complete) {
      const stop = Math.min(this.#store.count, this.#scanned + 64)
      for (; this.#scanned < stop; this.#scanned++) {
        this.pattern.lastIndex = 0
        if (this.pattern.test(this.#store.text(this.#scanned))) this.lines.push(this.#scanned)
      }
      if (performance.now() >= deadline) break
    }
    return this.lines.length > before
  }

  /** Index of the match at or after (before, when backwards) a line, going round at the ends. */
  from(line: number, backwards: boolean): number {
    if (this.lines.length === 0) return -1
    let low = 0
    let high = this.lines.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.lines[middle]! < line) low = middle + 1
      else high = middle
    }
    if (!backwards) return low % this.lines.length
    if (this.lines[low] === line) return low
    return (low - 1 + this.lines.length) % this.lines.length
  }
}
