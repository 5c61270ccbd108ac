import { columnsOf } from './columns'
import { parseLine, plain, type Sgr, visibleText } from './sgr'

export const streams = ['out', 'err', 'system'] as const
export const levels = ['info', 'warning', 'error'] as const
export const stepNames = ['prepare', 'clone', 'install', 'build', 'publish'] as const

export interface LineHead {
  delta_ms: number
  stream: number
  level: number
  step: number
}

const blockBits = 20
const blockBytes = 1 << blockBits
const wideLimit = 0xffff
const sectionLimit = 64 // steps come in order; a log that flips between them is not worth headings

type Kind = new (size: number) => Uint8Array | Uint16Array | Uint32Array

/** Numbers that grow without being copied into a new list each time. */
class Numbers {
  readonly #kind: Kind
  #array: Uint8Array | Uint16Array | Uint32Array
  length = 0

  constructor(kind: Kind) {
    this.#kind = kind
    this.#array = new kind(1024)
  }

  push(value: number) {
    if (this.length === this.#array.length) {
      const larger = new this.#kind(this.#array.length * 2)
      larger.set(this.#array)
      this.#array = larger
    }
    this.#array[this.length++] = value
  }

  at(index: number): number {
    return this.#array[index]!
  }
}

/** A run of lines of one step; `first` is its first line. */
export interface Section {
  step: number
  first: number
  begin_ms: number
}

/**
 * A whole log as bytes: index = line number. Text is decoded only when a line is looked at, so that
 * 100,000 lines cost their bytes and 20 more each. Append-only, but for the one line still open.
 */
export class LogStore {
  readonly #blocks: Uint8Array[] = []
  #used = blockBytes // of the last block
  readonly #starts = new Numbers(Uint32Array)
  readonly #lengths = new Numbers(Uint16Array)
  readonly #styles = new Numbers(Uint16Array)
  readonly #columns = new Numbers(Uint16Array)
  readonly #deltas = new Numbers(Uint32Array)
  readonly #heads = new Numbers(Uint8Array) // stream 2 bits, level 2 bits, step 3 bits, 1 bit: has escapes
  readonly #carried: Sgr[] = [plain, plain, plain]
  readonly #decoder = new TextDecoder()

  readonly sections: Section[] = []
  readonly errors = new Numbers(Uint32Array)
  readonly warnings = new Numbers(Uint32Array)
  /** The line that is still being written (a progress bar), shown after the last. */
  open: { head: LineHead; text: string } | null = null
  /** Columns of the widest line so far. */
  widest = 0
  /** Grows with every change: a view compares it instead of listening. */
  version = 0

  get count() {
    return this.#starts.length
  }

  get bytes() {
    return this.#blocks.length * blockBytes
  }

  append(head: LineHead, text: Uint8Array) {
    const length = Math.min(text.length, wideLimit)
    if (this.#used + length > blockBytes) {
      this.#blocks.push(new Uint8Array(blockBytes))
      this.#used = 0
    }
    const block = this.#blocks[this.#blocks.length - 1]!
    const bytes = length === text.length ? text : text.subarray(0, length)
    block.set(bytes, this.#used)
    const line = this.count
    this.#starts.push((this.#blocks.length - 1) * blockBytes + this.#used)
    this.#lengths.push(length)
    this.#used += length

    const section = this.sections[this.sections.length - 1]
    const fresh = !section || section.step !== head.step
    if (fresh && this.sections.length < sectionLimit) {
      this.sections.push({ step: head.step, first: line, begin_ms: head.delta_ms })
      this.#carried.fill(plain)
    }
    const escapes = this.#measure(head, bytes)
    this.#deltas.push(head.delta_ms)
    this.#heads.push(head.stream | (head.level << 2) | (head.step << 4) | (escapes ? 128 : 0))
    if (head.level === 2) this.errors.push(line)
    else if (head.level === 1) this.warnings.push(line)
    this.open = null
    this.version++
  }

  /** Notes style and width of a line; answers whether it holds anything but plain ASCII. */
  #measure(head: LineHead, bytes: Uint8Array): boolean {
    const style = this.#carried[head.stream] ?? plain
    this.#styles.push(style)
    let special = false
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!
      if (byte < 32 || byte > 126) {
        special = true
        break
      }
    }
    if (!special) {
      this.#noteColumns(bytes.length)
      return false
    }
    const { runs, after } = parseLine(this.#decoder.decode(bytes), style)
    this.#carried[head.stream] = after
    const columns = columnsOf(runs.map((run) => run.text).join(''))
    this.#noteColumns(Math.min(columns, wideLimit))
    return true
  }

  #noteColumns(columns: number) {
    this.#columns.push(columns)
    if (columns > this.widest) this.widest = columns
  }

  setOpen(head: LineHead, text: string) {
    this.open = { head, text }
    this.version++
  }

  head(line: number): LineHead {
    const packed = this.#heads.at(line)
    return {
      delta_ms: this.#deltas.at(line),
      stream: packed & 3,
      level: (packed >> 2) & 3,
      step: (packed >> 4) & 7,
    }
  }

  /** The bytes as the program wrote them, decoded. */
  raw(line: number): string {
    const start = this.#starts.at(line)
    const offset = start & (blockBytes - 1)
    const block = this.#blocks[start >>> blockBits]!
    return this.#decoder.decode(block.subarray(offset, offset + this.#lengths.at(line)))
  }

  /** What a reader sees, for search and copy. */
  text(line: number): string {
    const raw = this.raw(line)
    return this.#heads.at(line) & 128 ? visibleText(raw) : raw
  }

  styleAtStart(line: number): Sgr {
    return this.#styles.at(line)
  }

  columnsAt(line: number): number {
    return this.#columns.at(line)
  }
}
