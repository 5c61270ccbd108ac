import { columnsOf, cut, expandTabs } from './columns'
import { type Place, RowModel } from './rows'
import { spansIn } from './search'
import { parseLine, plain, type Run } from './sgr'
import { type LogStore, stepNames } from './store'

export const rowHeight = 20
const overscan = 10
// Elements taller than about 17 million pixels are cut off by some browsers; above this the scroll
// position is scaled.
const tallest = 15_000_000
const slowFrame = 32
// A scroll this long after a hand was on wheel, key, screen or scroll bar is the reader's; any other is
// the browser's own doing and never stops following.
const handWithin = 600
const slowEvery = 100

export type TimeMode = 'off' | 'since_start' | 'clock'

export interface ViewOptions {
  store: LogStore
  /** When the deployment was made: line times count from here. */
  created_at_ms: number
  onFollow: (following: boolean) => void
  onSelect: (from: number, to: number) => void
  onFold: () => void
}

interface RowElement {
  element: HTMLDivElement
  number: HTMLSpanElement
  time: HTMLSpanElement
  text: HTMLSpanElement
  row: number
  stamp: number
}

const hands = ['pointerdown', 'keydown', 'touchmove', 'touchend'] as const

const pad = (n: number, width: number) => String(n).padStart(width, '0')

export const sinceStart = (ms: number) => {
  const minutes = Math.floor(ms / 60_000)
  return `${minutes}:${pad(Math.floor(ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`
}

export const clock = (ms: number) => {
  const at = new Date(ms)
  return `${pad(at.getHours(), 2)}:${pad(at.getMinutes(), 2)}:${pad(at.getSeconds(), 2)}.${pad(at.getMilliseconds(), 3)}`
}

/**
 * Draws the visible rows of a log, and only those, as text nodes. It is plain DOM rather than React
 * because every frame may replace every row while 10,000 lines a second arrive.
 */
export class LogView {
  private readonly options: ViewOptions
  private readonly store: LogStore
  readonly rows: RowModel
  private readonly scroller: HTMLElement
  private readonly spacer = document.createElement('div')
  private readonly window = document.createElement('div')
  private readonly sticky: HTMLElement
  private readonly map: HTMLCanvasElement
  private readonly resizes: ResizeObserver
  private elements: RowElement[] = []
  private free: RowElement[] = []
  private stamp = 0
  private drawnVersion = -1
  private following = true
  private wrap = false
  private times: TimeMode = 'off'
  private pattern: RegExp | null = null
  private current = -1
  private selected: [number, number] | null = null
  private height = 0
  private viewport = 0
  private character = 8
  private setTop = 0
  private handAt = Number.NEGATIVE_INFINITY
  private held = false
  private lastDraw = 0
  private lastFrame = 0
  private slowFrames = 0
  private later: ReturnType<typeof setTimeout> | undefined
  private mapDrawn = ''
  private frame = 0

  constructor(
    scroller: HTMLElement,
    sticky: HTMLElement,
    map: HTMLCanvasElement,
    options: ViewOptions,
  ) {
    this.options = options
    this.store = options.store
    this.rows = new RowModel(options.store)
    this.scroller = scroller
    this.sticky = sticky
    this.map = map
    this.spacer.className = 'log-spacer'
    this.window.className = 'log-window'
    this.spacer.append(this.window)
    scroller.append(this.spacer)
    scroller.addEventListener('scroll', this.onScroll, { passive: true })
    scroller.addEventListener('wheel', this.onWheel, { passive: true })
    for (const name of hands) scroller.addEventListener(name, this.onHand, { passive: true })
    addEventListener('pointerup', this.onRelease)
    this.window.addEventListener('click', this.onClick)
    this.resizes = new ResizeObserver(() => this.measure())
    this.resizes.observe(scroller)
    this.measure()
  }

  destroy() {
    this.resizes.disconnect()
    this.scroller.removeEventListener('scroll', this.onScroll)
    this.scroller.removeEventListener('wheel', this.onWheel)
    for (const name of hands) this.scroller.removeEventListener(name, this.onHand)
    removeEventListener('pointerup', this.onRelease)
    clearTimeout(this.later)
    cancelAnimationFrame(this.frame)
    this.spacer.remove()
  }

  get isFollowing() {
    return this.following
  }

  /** The first line in view. */
  get topLine() {
    return this.rows.locate(this.topRow())?.line ?? 0
  }

  setWrap(wrap: boolean) {
    this.wrap = wrap
    this.scroller.classList.toggle('log-wrap', wrap)
    this.keepPlace(() => this.applyWrap())
  }

  setTimes(times: TimeMode) {
    this.times = times
    this.keepPlace(() => this.applyWrap())
  }

  setSearch(pattern: RegExp | null, current: number) {
    this.pattern = pattern
    this.current = current
    this.redraw()
  }

  setSelection(selected: [number, number] | null) {
    this.selected = selected
    this.redraw()
  }

  follow(following: boolean) {
    if (following === this.following) return
    this.following = following
    this.options.onFollow(following)
    this.draw(true)
  }

  fold(section: number) {
    this.keepPlace(() => this.rows.fold(section, !this.rows.isFolded(section)))
    this.options.onFold()
  }

  foldTop() {
    this.fold(this.rows.sectionOf(this.topLine))
  }

  /** Brings a line into view, a third from the top; unfolds its section when needed. */
  reveal(line: number) {
    this.rows.sync()
    const section = this.rows.sectionOf(line)
    if (this.rows.isFolded(section)) this.rows.fold(section, false)
    this.follow(false)
    this.resize()
    this.scrollToRow(this.rows.rowOf(line) - Math.floor(this.viewport / rowHeight / 3))
    this.redraw()
  }

  top() {
    this.follow(false)
    this.scrollToRow(0)
  }

  /** Redraws when the store has changed. Called within a frame, after a drain. */
  draw(force = false) {
    const now = performance.now()
    if (!force && this.drawnVersion === this.store.version) return
    if (!force && this.tooSoon(now)) return
    this.lastDraw = now
    this.drawnVersion = this.store.version
    this.rows.sync()
    this.resize()
    if (this.following) this.scrollToEnd()
    this.paint()
  }

  /** A device that cannot keep up draws ten times a second; the lines are taken in all the same. */
  private tooSoon(now: number): boolean {
    const took = now - this.lastFrame
    this.lastFrame = now
    if (took > slowFrame && took < 500) this.slowFrames = Math.min(20, this.slowFrames + 2)
    else if (this.slowFrames > 0) this.slowFrames--
    if (this.slowFrames < 12 || now - this.lastDraw >= slowEvery) return false
    clearTimeout(this.later)
    this.later = setTimeout(() => this.draw(), slowEvery)
    return true
  }

  private redraw() {
    this.stamp++
    this.draw(true)
  }

  private keepPlace(change: () => void) {
    const place = this.rows.locate(this.topRow())
    change()
    this.resize()
    if (!this.following && place) this.scrollToRow(this.rows.rowOf(place.line))
    this.redraw()
  }

  private measure() {
    const probe = document.createElement('span')
    probe.className = 'log-probe'
    probe.textContent = '0'.repeat(100)
    this.scroller.append(probe)
    this.character = probe.getBoundingClientRect().width / 100 || 8
    probe.remove()
    this.viewport = this.scroller.clientHeight
    this.keepPlace(() => this.applyWrap())
  }

  private gutterColumns() {
    const digits = Math.max(4, String(this.store.count).length)
    const time = this.times === 'off' ? 0 : this.times === 'clock' ? 14 : 11
    return digits + 3 + time
  }

  private applyWrap() {
    const width = Math.floor((this.scroller.clientWidth - 16) / this.character)
    this.rows.wrapAt(this.wrap ? Math.max(16, width - this.gutterColumns()) : 0)
    this.scroller.classList.toggle('log-timed', this.times !== 'off')
  }

  private rowsShown() {
    return this.rows.total + (this.store.open ? 1 : 0)
  }

  private resize() {
    const full = this.rowsShown() * rowHeight + 12
    const height = Math.min(full, tallest)
    if (height !== this.height) {
      this.height = height
      this.spacer.style.height = `${height}px`
    }
    const columns = this.wrap ? 0 : this.store.widest + this.gutterColumns() + 2
    const width = columns ? `${columns}ch` : ''
    if (this.spacer.style.minWidth !== width) this.spacer.style.minWidth = width
    const digits = `${Math.max(4, String(this.store.count).length) + 2}ch`
    if (this.spacer.style.getPropertyValue('--log-number') !== digits)
      this.spacer.style.setProperty('--log-number', digits)
  }

  /** Pixels of the whole log per pixel of the scroll bar's range: 1 unless the log is enormous. */
  private scale() {
    const full = this.rowsShown() * rowHeight + 12
    if (full <= tallest) return 1
    return (full - this.viewport) / (this.height - this.viewport)
  }

  private topRow() {
    return Math.floor((this.scroller.scrollTop * this.scale()) / rowHeight)
  }

  private scrollToRow(row: number) {
    this.setScroll((Math.max(0, row) * rowHeight) / this.scale())
  }

  private scrollToEnd() {
    this.setScroll(this.height - this.viewport)
  }

  private setScroll(top: number) {
    this.scroller.scrollTop = Math.max(0, top)
    this.setTop = this.scroller.scrollTop
  }

  private readonly onScroll = () => {
    if (Math.abs(this.scroller.scrollTop - this.setTop) > 1) {
      const byHand = this.held || performance.now() - this.handAt < handWithin
      if (this.following && !byHand) return this.scrollToEnd()
      this.setTop = this.scroller.scrollTop
      const rest = this.height - this.viewport - this.scroller.scrollTop
      const atEnd = rest <= 2 * rowHeight
      if (atEnd !== this.following) {
        this.following = atEnd
        this.options.onFollow(atEnd)
      }
    }
    if (this.frame) return
    this.frame = requestAnimationFrame(() => {
      this.frame = 0
      this.paint()
    })
  }

  private readonly onHand = (event: Event) => {
    this.handAt = performance.now()
    if (event.type === 'pointerdown') this.held = true
  }

  private readonly onRelease = () => {
    if (this.held) this.handAt = performance.now()
    this.held = false
  }

  private readonly onWheel = (event: WheelEvent) => {
    this.handAt = performance.now()
    const scrolls = this.height > this.viewport
    if (event.deltaY < 0 && this.following && scrolls && this.scroller.scrollTop > 0) {
      this.following = false
      this.options.onFollow(false)
    }
  }

  private readonly onClick = (event: MouseEvent) => {
    const target = event.target as HTMLElement
    const element = target.closest<HTMLElement>('.log-row')
    const known = this.elements.find((row) => row.element === element)
    const place = known && this.rows.locate(known.row)
    if (!place) return
    if (place.sub === -1) this.fold(this.rows.sectionOf(place.line))
    else if (target.classList.contains('log-number')) {
      const anchor = event.shiftKey && this.selected ? this.selected[0] : place.line
      this.options.onSelect(Math.min(anchor, place.line), Math.max(anchor, place.line))
    }
  }

  private paint() {
    const scale = this.scale()
    const real = this.scroller.scrollTop * scale
    const first = Math.max(0, Math.floor(real / rowHeight) - overscan)
    const count = Math.ceil(this.viewport / rowHeight) + 2 * overscan
    const last = Math.min(this.rowsShown(), first + count)
    const top =
      scale === 1 ? first * rowHeight : this.scroller.scrollTop - (real - first * rowHeight)
    this.window.style.transform = `translateY(${top}px)`
    this.place(first, last)
    this.paintSticky(Math.floor(real / rowHeight))
    this.paintMap()
  }

  /** Keeps the elements of rows that stay, in order, so that a selection of text survives. */
  private place(first: number, last: number) {
    const kept = new Map<number, RowElement>()
    for (const row of this.elements) {
      if (row.row >= first && row.row < last) kept.set(row.row, row)
      else this.release(row)
    }
    const next: RowElement[] = []
    let place: Place | null = this.rows.locate(first)
    let before: ChildNode | null = this.window.firstChild
    for (let row = first; row < last; row++) {
      const element = kept.get(row) ?? this.free.pop() ?? this.make()
      if (element.element === before) before = before.nextSibling
      else this.window.insertBefore(element.element, before)
      const open = place === null
      if (element.row !== row || element.stamp !== this.stamp || open) {
        element.row = row
        element.stamp = open ? -1 : this.stamp
        if (place) this.fill(element, place)
        else this.fillOpen(element)
      }
      next.push(element)
      if (place) place = this.rows.next(place)
    }
    this.elements = next
  }

  private release(row: RowElement) {
    row.element.remove()
    row.row = -1
    if (this.free.length < 100) this.free.push(row)
  }

  private make(): RowElement {
    const element = document.createElement('div')
    const [number, time, text] = ['log-number', 'log-time', 'log-text'].map((name) => {
      const span = document.createElement('span')
      span.className = name
      element.append(span)
      return span
    }) as [HTMLSpanElement, HTMLSpanElement, HTMLSpanElement]
    return { element, number, time, text, row: -1, stamp: -1 }
  }

  private fill(row: RowElement, place: Place) {
    if (place.sub === -1) {
      this.fillHeading(row, place.line)
      return
    }
    const { store } = this
    const head = store.head(place.line)
    const chosen = this.selected && place.line >= this.selected[0] && place.line <= this.selected[1]
    row.element.className = `log-row${head.level === 2 ? ' log-error' : head.level === 1 ? ' log-warning' : ''}${head.stream === 2 ? ' log-system' : ''}${chosen ? ' log-chosen' : ''}`
    row.number.textContent = place.sub > 0 ? '' : String(place.line + 1)
    row.time.textContent = place.sub > 0 ? '' : this.timeOf(head.delta_ms)
    const { runs } = parseLine(store.raw(place.line), store.styleAtStart(place.line))
    this.fillRuns(row.text, runs, place)
  }

  private fillOpen(row: RowElement) {
    const { open } = this.store
    row.element.className = 'log-row log-open'
    row.number.textContent = String(this.store.count + 1)
    row.time.textContent = open ? this.timeOf(open.head.delta_ms) : ''
    const { runs } = parseLine(open?.text ?? '', plain)
    this.fillRuns(row.text, runs, { line: -2, sub: 0 })
  }

  private fillHeading(row: RowElement, line: number) {
    const section = this.rows.sectionOf(line)
    row.element.className = `log-row log-heading${this.rows.isFolded(section) ? ' log-folded' : ''}`
    row.number.textContent = ''
    row.time.textContent = ''
    row.text.textContent = this.heading(section)
  }

  /** "install · 1,204 lines · from 0:02.113" */
  heading(section: number): string {
    const at = this.store.sections[section]
    if (!at) return ''
    const end = this.store.sections[section + 1]?.first ?? this.store.count
    const lines = end - at.first
    return `${stepNames[at.step] ?? 'step'}  ·  ${lines.toLocaleString('en')} line${lines === 1 ? '' : 's'}  ·  from ${sinceStart(at.begin_ms)}`
  }

  private timeOf(delta: number) {
    if (this.times === 'off') return ''
    return this.times === 'clock' ? clock(this.options.created_at_ms + delta) : sinceStart(delta)
  }

  private fillRuns(into: HTMLElement, runs: Run[], place: Place) {
    const full = runs.map((run) => run.text).join('')
    const spans = this.pattern ? spansIn(full, this.pattern) : []
    const marked = spans.length > 0 ? mark(runs, spans) : runs
    const shown = this.rowOfRuns(marked, place)
    if (shown.length === 1 && !shown[0]!.className && !shown[0]!.href) {
      into.textContent = shown[0]!.text
      return
    }
    into.textContent = ''
    for (const run of shown) into.append(this.node(run, place.line === this.current))
  }

  private node(run: Run, current: boolean): Node {
    if (run.href) {
      const link = document.createElement('a')
      link.href = run.href
      link.title = run.href
      link.rel = 'noreferrer noopener'
      link.target = '_blank'
      link.tabIndex = -1
      link.className = run.className
      link.textContent = run.text
      return link
    }
    if (!run.className) return document.createTextNode(run.text)
    const span = document.createElement('span')
    span.className =
      current && run.className.includes('log-match')
        ? `${run.className} log-match-now`
        : run.className
    span.textContent = run.text
    return span
  }

  /** The runs of one row: tabs spread out, and of a wrapped line only the part that is there. */
  private rowOfRuns(runs: Run[], place: Place): Run[] {
    const width = this.rows.columns
    const out: Run[] = []
    let row = 0
    let column = 0
    for (const run of runs) {
      const text = expandTabs(run.text, column)
      if (width === 0) {
        out.push({ ...run, text })
        column += columnsOf(text)
        continue
      }
      const pieces = cut(text, column, width)
      for (const [i, piece] of pieces.entries()) {
        if (i > 0) {
          row++
          column = 0
        }
        if (row === place.sub && piece) out.push({ ...run, text: piece })
        column += columnsOf(piece)
      }
    }
    return out.length > 0 ? out : [{ text: '', className: '', href: null }]
  }

  private paintSticky(row: number) {
    const place = this.rows.locate(row)
    const hide = !place || (place.sub === -1 && this.scroller.scrollTop % rowHeight === 0)
    if (this.sticky.hidden !== hide) this.sticky.hidden = hide
    if (!place || hide) return
    const section = this.rows.sectionOf(place.line)
    const text = this.heading(section)
    if (this.sticky.textContent !== text) this.sticky.textContent = text
    this.sticky.setAttribute('aria-expanded', String(!this.rows.isFolded(section)))
  }

  /** Where errors and warnings lie in the whole, beside the scroll bar. */
  private paintMap() {
    const { store, map } = this
    const width = map.clientWidth
    const height = map.clientHeight
    const size = Math.floor(Math.log(store.count + 1) * 20) // again at each 5 % of growth
    const key = `${store.errors.length}/${store.warnings.length}/${size}/${height}/${this.stamp}`
    if (key === this.mapDrawn || height === 0) return
    this.mapDrawn = key
    const ratio = devicePixelRatio
    map.width = width * ratio
    map.height = height * ratio
    const context = map.getContext('2d')
    if (!context) return
    const style = getComputedStyle(map)
    const draw = (numbers: { length: number; at: (i: number) => number }, colour: string) => {
      context.fillStyle = colour
      const step = Math.max(1, Math.floor(numbers.length / 2000))
      for (let i = 0; i < numbers.length; i += step) {
        const y = Math.floor((numbers.at(i) / Math.max(1, store.count)) * (map.height - 3))
        context.fillRect(0, y, map.width, 2 * ratio)
      }
    }
    draw(store.warnings, style.textDecorationColor)
    draw(store.errors, style.color)
  }
}

/** Splits runs where matches begin and end, and marks the matches. */
export const mark = (runs: Run[], spans: { from: number; to: number }[]): Run[] => {
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
