import type { LogStore } from './store'

const chunkLines = 1024

export interface Place {
  line: number
  /** Which row of a wrapped line; -1 is the heading above the first line of a section. */
  sub: number
}

/**
 * Which line is on which row, with wrapping, folded sections and their headings. Rows are counted from
 * the columns of a monospace grid and kept as sums per 1,024 lines: nothing is ever measured.
 */
export class RowModel {
  readonly #store: LogStore
  #sums: number[] = []
  #counted = 0
  #headings = 0 // sections counted so far
  readonly #folded = new Set<number>()
  /** Columns of a row; 0 does not wrap. */
  #width = 0
  total = 0

  constructor(store: LogStore) {
    this.#store = store
  }

  get columns() {
    return this.#width
  }

  wrapAt(columns: number) {
    if (columns === this.#width) return
    this.#width = columns
    this.#recount()
  }

  isFolded(section: number) {
    return this.#folded.has(section)
  }

  fold(section: number, folded: boolean) {
    if (folded) this.#folded.add(section)
    else this.#folded.delete(section)
    this.#recount()
  }

  #recount() {
    this.#sums = []
    this.#counted = 0
    this.#headings = 0
    this.total = 0
    this.sync()
  }

  /** Takes in the lines that came since. */
  sync() {
    const store = this.#store
    let section = this.#headings - 1
    for (let line = this.#counted; line < store.count; line++) {
      if (store.sections[section + 1]?.first === line) section++
      const rows = this.#rowsAt(line, section)
      const chunk = Math.floor(line / chunkLines)
      this.#sums[chunk] = (this.#sums[chunk] ?? 0) + rows
      this.total += rows
    }
    this.#counted = store.count
    this.#headings = section + 1
  }

  /** The section that a line belongs to. */
  sectionOf(line: number): number {
    const { sections } = this.#store
    let low = 0
    let high = sections.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (sections[middle]!.first <= line) low = middle
      else high = middle - 1
    }
    return low
  }

  #rowsAt(line: number, section: number): number {
    const heading = this.#store.sections[section]?.first === line ? 1 : 0
    return heading + this.#textRows(line, section)
  }

  #textRows(line: number, section: number): number {
    if (this.#folded.has(section)) return 0
    if (this.#width === 0) return 1
    return Math.max(1, Math.ceil(this.#store.columnsAt(line) / this.#width))
  }

  /** What is on a row; null past the end. */
  locate(row: number): Place | null {
    if (row < 0 || row >= this.total) return null
    let chunk = 0
    let before = 0
    while (before + this.#sums[chunk]! <= row) before += this.#sums[chunk++]!
    let line = chunk * chunkLines
    let section = this.sectionOf(line)
    for (;;) {
      if (this.#store.sections[section + 1]?.first === line) section++
      const rows = this.#rowsAt(line, section)
      if (row < before + rows) {
        const heading = this.#store.sections[section]?.first === line ? 1 : 0
        return { line, sub: row - before - heading }
      }
      before += rows
      line++
    }
  }

  /** The row after a place, without searching anew. */
  next(place: Place): Place | null {
    const section = this.sectionOf(place.line)
    if (place.sub + 1 < this.#textRows(place.line, section))
      return { line: place.line, sub: place.sub + 1 }
    let line = place.line + 1
    if (this.#folded.has(section)) line = this.#store.sections[section + 1]?.first ?? this.#counted
    if (line >= this.#counted) return null
    const heading = this.#store.sections[this.sectionOf(line)]?.first === line
    return { line, sub: heading ? -1 : 0 }
  }

  /** The row of a line's first text; of its heading when the section is folded. */
  rowOf(line: number): number {
    const target = Math.min(line, this.#counted - 1)
    if (target < 0) return 0
    const chunk = Math.floor(target / chunkLines)
    let row = 0
    for (let i = 0; i < chunk; i++) row += this.#sums[i]!
    let section = this.sectionOf(chunk * chunkLines)
    for (let at = chunk * chunkLines; at < target; at++) {
      if (this.#store.sections[section + 1]?.first === at) section++
      row += this.#rowsAt(at, section)
    }
    const own = this.sectionOf(target)
    if (this.#folded.has(own)) {
      const first = this.#store.sections[own]!.first
      return first === target ? row : Math.max(0, row - 1)
    }
    return this.#store.sections[own]?.first === target ? row + 1 : row
  }
}
