import { clock, sinceStart } from './clock'
import { rowOf } from './columns'
import { type Place, RowModel } from './rows'
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

/** Gives the runs of a line again, with what a search found in them set apart. */
export type Marker = (runs: Run[]) => Run[]

export interface ViewOptions {
  store: LogStore
  /** When the deployment was made: line times count from here. */
  created_at_ms: number
  onFollow: (following: boolean) => void
  onSelect: (from: number, to: number) => void
}

interface RowElement {
  element: HTMLElement
  number: HTMLElement
  time: HTMLElement
  text: HTMLElement
  row: number
  stamp: number
}

const element = (tag: string, className: string, text = ''): HTMLElement => {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = text
  return made
}

const levelClass = ['', ' log-warning', ' log-error']
const hands = ['wheel', 'pointerdown', 'keydown', 'touchmove', 'touchend'] as const

/**
 * Draws the visible rows of a log, and only those, as text nodes. It is plain DOM rather than React
 * because every frame may replace every row while 10,000 lines a second arrive.
 */
export class LogView {
  readonly #options: ViewOptions
  readonly #store: LogStore
  readonly rows: RowModel
  readonly #scroller: HTMLElement
  readonly #spacer = element('div', 'log-spacer')
  readonly #window = element('div', 'log-window')
  readonly #sticky: HTMLElement
  readonly #map: HTMLCanvasElement
  readonly #resizes: ResizeObserver
  readonly #end = new AbortController()
  #elements: RowElement[] = []
  #free: RowElement[] = []
  #stamp = 0
  #drawnVersion = -1
  #following = true
  #wrap = false
  #times: TimeMode = 'off'
  #mark: Marker | null = null
  #current = -1
  #selected: [number, number] | null = null
  #height = 0
  #viewport = 0
  #character = 8
  #setTop = 0
  #handAt = Number.NEGATIVE_INFINITY
  #held = false
  #lastDraw = 0
  #lastFrame = 0
  #slowFrames = 0
  #later: ReturnType<typeof setTimeout> | undefined
  #mapDrawn = ''
  #frame = 0

  constructor(
    scroller: HTMLElement,
    sticky: HTMLElement,
    map: HTMLCanvasElement,
    options: ViewOptions,
  ) {
    this.#options = options
    this.#store = options.store
    this.rows = new RowModel(options.store)
    this.#scroller = scroller
    this.#sticky = sticky
    this.#map = map
    this.#spacer.append(this.#window)
    scroller.append(this.#spacer)
    const { signal } = this.#end
    const listening = { passive: true, signal }
    scroller.addEventListener('scroll', this.#onScroll, listening)
    for (const name of hands) scroller.addEventListener(name, this.#onHand, listening)
    addEventListener('pointerup', this.#onRelease, listening)
    this.#window.addEventListener('click', this.#onClick, listening)
    this.#resizes = new ResizeObserver(() => this.#measure())
    this.#resizes.observe(scroller)
    this.#measure()
  }

  destroy() {
    this.#resizes.disconnect()
    this.#end.abort()
    clearTimeout(this.#later)
    cancelAnimationFrame(this.#frame)
    this.#spacer.remove()
  }

  /** The first line in view. */
  get topLine() {
    return this.rows.locate(this.#topRow())?.line ?? 0
  }

  setWrap(wrap: boolean) {
    this.#wrap = wrap
    this.#scroller.classList.toggle('log-wrap', wrap)
    this.#keepPlace(() => this.#applyWrap())
  }

  setTimes(times: TimeMode) {
    this.#times = times
    this.#keepPlace(() => this.#applyWrap())
  }

  setSearch(mark: Marker | null, current: number) {
    this.#mark = mark
    this.#current = current
    this.#redraw()
  }

  setSelection(selected: [number, number] | null) {
    this.#selected = selected
    this.#redraw()
  }

  follow(following: boolean) {
    if (following === this.#following) return
    this.#say(following)
    this.draw(true)
  }

  #say(following: boolean) {
    this.#following = following
    this.#options.onFollow(following)
  }

  fold(section: number) {
    this.#keepPlace(() => this.rows.fold(section, !this.rows.isFolded(section)))
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
    this.#resize()
    this.#scrollToRow(this.rows.rowOf(line) - Math.floor(this.#viewport / rowHeight / 3))
    this.#redraw()
  }

  top() {
    this.follow(false)
    this.#scrollToRow(0)
  }

  /** Redraws when the store has changed. Called within a frame, after a drain. */
  draw(force = false) {
    const now = performance.now()
    if (!force && this.#drawnVersion === this.#store.version) return
    if (!force && this.#tooSoon(now)) return
    this.#lastDraw = now
    this.#drawnVersion = this.#store.version
    this.rows.sync()
    this.#resize()
    if (this.#following) this.#scrollToEnd()
    this.#paint()
  }

  /** A device that cannot keep up draws ten times a second; the lines are taken in all the same. */
  #tooSoon(now: number): boolean {
    const took = now - this.#lastFrame
    this.#lastFrame = now
    if (took > slowFrame && took < 500) this.#slowFrames = Math.min(20, this.#slowFrames + 2)
    else if (this.#slowFrames > 0) this.#slowFrames--
    if (this.#slowFrames < 12 || now - this.#lastDraw >= slowEvery) return false
    clearTimeout(this.#later)
    this.#later = setTimeout(() => this.draw(), slowEvery)
    return true
  }

  #redraw() {
    this.#stamp++
    this.draw(true)
  }

  #keepPlace(change: () => void) {
    const place = this.rows.locate(this.#topRow())
    change()
    this.#resize()
    if (!this.#following && place) this.#scrollToRow(this.rows.rowOf(place.line))
    this.#redraw()
  }

  #measure() {
    const probe = element('span', 'log-probe', '0'.repeat(100))
    this.#scroller.append(probe)
    this.#character = probe.getBoundingClientRect().width / 100 || 8
    probe.remove()
    this.#viewport = this.#scroller.clientHeight
    this.#keepPlace(() => this.#applyWrap())
  }

  /** Columns of the line numbers. */
  #digits() {
    return Math.max(4, String(this.#store.count).length) + 2
  }

  #gutterColumns() {
    return this.#digits() + 1 + { off: 0, since_start: 11, clock: 14 }[this.#times]
  }

  #applyWrap() {
    const width = Math.floor((this.#scroller.clientWidth - 16) / this.#character)
    this.rows.wrapAt(this.#wrap ? Math.max(16, width - this.#gutterColumns()) : 0)
    this.#scroller.classList.toggle('log-timed', this.#times !== 'off')
  }

  #rowsShown() {
    return this.rows.total + (this.#store.open ? 1 : 0)
  }

  #resize() {
    const full = this.#rowsShown() * rowHeight + 12
    const height = Math.min(full, tallest)
    if (height !== this.#height) {
      this.#height = height
      this.#spacer.style.height = `${height}px`
    }
    const columns = this.#wrap ? 0 : this.#store.widest + this.#gutterColumns() + 2
    const width = columns ? `${columns}ch` : ''
    if (this.#spacer.style.minWidth !== width) this.#spacer.style.minWidth = width
    const digits = `${this.#digits()}ch`
    if (this.#spacer.style.getPropertyValue('--log-number') !== digits)
      this.#spacer.style.setProperty('--log-number', digits)
  }

  /** Pixels of the whole log per pixel of the scroll bar's range: 1 unless the log is enormous. */
  #scale() {
    const full = this.#rowsShown() * rowHeight + 12
    if (full <= tallest) return 1
    return (full - this.#viewport) / (this.#height - this.#viewport)
  }

  #topRow() {
    return Math.floor((this.#scroller.scrollTop * this.#scale()) / rowHeight)
  }

  #scrollToRow(row: number) {
    this.#setScroll((Math.max(0, row) * rowHeight) / this.#scale())
  }

  #scrollToEnd() {
    this.#setScroll(this.#height - this.#viewport)
  }

  #setScroll(top: number) {
    this.#scroller.scrollTop = Math.max(0, top)
    this.#setTop = this.#scroller.scrollTop
  }

  readonly #onScroll = () => {
    if (Math.abs(this.#scroller.scrollTop - this.#setTop) > 1) {
      const byHand = this.#held || performance.now() - this.#handAt < handWithin
      if (this.#following && !byHand) return this.#scrollToEnd()
      this.#setTop = this.#scroller.scrollTop
      const rest = this.#height - this.#viewport - this.#scroller.scrollTop
      const atEnd = rest <= 2 * rowHeight
      if (atEnd !== this.#following) this.#say(atEnd)
    }
    if (this.#frame) return
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0
      this.#paint()
    })
  }

  readonly #onHand = (event: Event) => {
    this.#handAt = performance.now()
    if (event.type === 'pointerdown') this.#held = true
    const up = event instanceof WheelEvent && event.deltaY < 0
    if (up && this.#following && this.#scroller.scrollTop > 0) this.#say(false)
  }

  readonly #onRelease = () => {
    if (this.#held) this.#handAt = performance.now()
    this.#held = false
  }

  readonly #onClick = (event: MouseEvent) => {
    const target = event.target as HTMLElement
    const element = target.closest<HTMLElement>('.log-row')
    const known = this.#elements.find((row) => row.element === element)
    const place = known && this.rows.locate(known.row)
    if (!place) return
    if (place.sub === -1) this.fold(this.rows.sectionOf(place.line))
    else if (target.classList.contains('log-number')) {
      const anchor = event.shiftKey && this.#selected ? this.#selected[0] : place.line
      this.#options.onSelect(Math.min(anchor, place.line), Math.max(anchor, place.line))
    }
  }

  #paint() {
    const scale = this.#scale()
    const real = this.#scroller.scrollTop * scale
    const first = Math.max(0, Math.floor(real / rowHeight) - overscan)
    const count = Math.ceil(this.#viewport / rowHeight) + 2 * overscan
    const last = Math.min(this.#rowsShown(), first + count)
    const top =
      scale === 1 ? first * rowHeight : this.#scroller.scrollTop - (real - first * rowHeight)
    this.#window.style.transform = `translateY(${top}px)`
    this.#place(first, last)
    this.#paintSticky(Math.floor(real / rowHeight))
    this.#paintMap()
  }

  /** Keeps the elements of rows that stay, in order, so that a selection of text survives. */
  #place(first: number, last: number) {
    const kept = new Map<number, RowElement>()
    for (const row of this.#elements) {
      if (row.row >= first && row.row < last) kept.set(row.row, row)
      else {
        row.element.remove()
        row.row = -1
        this.#free.push(row) // never more than were in view at once
      }
    }
    const next: RowElement[] = []
    let place: Place | null = this.rows.locate(first)
    let before: ChildNode | null = this.#window.firstChild
    for (let row = first; row < last; row++) {
      const element = kept.get(row) ?? this.#free.pop() ?? this.#make()
      if (element.element === before) before = before.nextSibling
      else this.#window.insertBefore(element.element, before)
      const open = place === null
      if (element.row !== row || element.stamp !== this.#stamp || open) {
        element.row = row
        element.stamp = open ? -1 : this.#stamp
        if (place) this.#fill(element, place)
        else this.#fillOpen(element)
      }
      next.push(element)
      if (place) place = this.rows.next(place)
    }
    this.#elements = next
  }

  #make(): RowElement {
    const number = element('span', 'log-number')
    const time = element('span', 'log-time')
    const text = element('span', 'log-text')
    const whole = element('div', '')
    whole.append(number, time, text)
    return { element: whole, number, time, text, row: -1, stamp: -1 }
  }

  #fill(row: RowElement, place: Place) {
    if (place.sub === -1) {
      this.#fillHeading(row, place.line)
      return
    }
    const store = this.#store
    const head = store.head(place.line)
    const chosen =
      this.#selected && place.line >= this.#selected[0] && place.line <= this.#selected[1]
    row.element.className = `log-row${levelClass[head.level] ?? ''}${head.stream === 2 ? ' log-system' : ''}${chosen ? ' log-chosen' : ''}${place.line === this.#current ? ' log-now' : ''}`
    row.number.textContent = place.sub > 0 ? '' : String(place.line + 1)
    row.time.textContent = place.sub > 0 ? '' : this.#timeOf(head.delta_ms)
    const { runs } = parseLine(store.raw(place.line), store.styleAtStart(place.line))
    this.#fillRuns(row.text, runs, place.sub)
  }

  #fillOpen(row: RowElement) {
    const { open } = this.#store
    row.element.className = 'log-row log-open'
    row.number.textContent = String(this.#store.count + 1)
    row.time.textContent = open ? this.#timeOf(open.head.delta_ms) : ''
    const { runs } = parseLine(open?.text ?? '', plain)
    this.#fillRuns(row.text, runs, 0)
  }

  #fillHeading(row: RowElement, line: number) {
    const section = this.rows.sectionOf(line)
    row.element.className = `log-row log-heading${this.rows.isFolded(section) ? ' log-folded' : ''}`
    row.number.textContent = ''
    row.time.textContent = ''
    row.text.textContent = this.heading(section)
  }

  /** "install · 1,204 lines · from 0:02.113" */
  heading(section: number): string {
    const at = this.#store.sections[section]!
    const end = this.#store.sections[section + 1]?.first ?? this.#store.count
    const lines = end - at.first
    return `${stepNames[at.step] ?? 'step'}  ·  ${lines.toLocaleString('en')} line${lines === 1 ? '' : 's'}  ·  from ${sinceStart(at.begin_ms)}`
  }

  #timeOf(delta: number) {
    if (this.#times === 'off') return ''
    return this.#times === 'clock' ? this.clockAt(delta) : sinceStart(delta)
  }

  /** The time of day, so many milliseconds after the deployment was made. */
  clockAt(delta: number) {
    return clock(this.#options.created_at_ms + delta)
  }

  #fillRuns(into: HTMLElement, runs: Run[], row: number) {
    const shown = rowOf(this.#mark?.(runs) ?? runs, this.rows.columns, row)
    into.textContent = ''
    for (const { text, className, href } of shown) {
      const part = href || className ? element(href ? 'a' : 'span', className, text) : text
      if (href)
        Object.assign(part, {
          href,
          title: href,
          rel: 'noreferrer', // and so noopener
          target: '_blank',
          tabIndex: -1,
        })
      into.append(part)
    }
  }

  #paintSticky(row: number) {
    const place = this.rows.locate(row)
    const hide = !place || (place.sub === -1 && this.#scroller.scrollTop % rowHeight === 0)
    if (this.#sticky.hidden !== hide) this.#sticky.hidden = hide
    if (!place || hide) return
    const section = this.rows.sectionOf(place.line)
    const text = this.heading(section)
    if (this.#sticky.textContent !== text) this.#sticky.textContent = text
    this.#sticky.setAttribute('aria-expanded', String(!this.rows.isFolded(section)))
  }

  #paintMap() {
    const store = this.#store
    if (store.errors.length + store.warnings.length === 0) return
    const map = this.#map
    const size = Math.floor(Math.log(store.count + 1) * 20) // again at each 5 % of growth
    const height = map.clientHeight
    const key = [store.errors.length, store.warnings.length, size, height, this.#stamp].join()
    if (key === this.#mapDrawn || height === 0) return
    this.#mapDrawn = key
    // A log reads well without its map: when that cannot be loaded, there is none.
    void import('./map').then(
      ({ paintMap }) => paintMap(map, store),
      () => {},
    )
  }
}
