import { type FrameHead, frameTypes, LineReader, readHead, readJson } from './frames'
import type { LogStore } from './store'

export type Connection = 'connecting' | 'live' | 'retrying' | 'ended'

export interface StreamStatus {
  connection: Connection
  transport: 'websocket' | 'events'
  /** The state that the server announced last; '' before. */
  state: string
}

/** What a stream needs of the world; tests give their own. */
export interface World {
  socket: (url: string, protocol: string) => WebSocket
  events: (url: string) => EventSource
  hidden: () => boolean
}

export const browser: World = {
  socket: (url, protocol) => new WebSocket(url, protocol),
  events: (url) => new EventSource(url),
  hidden: () => document.hidden,
}

export interface StreamOptions {
  /** Same-origin path of the log, without a query. */
  path: string
  origin: string // ws://host
  store: LogStore
  world?: World
  onStatus: (status: StreamStatus) => void
  /** After each drain, in the same frame: draw now. */
  onDrained: () => void
  /** A connection was refused: look whether we are still signed in. */
  onRefused: () => void
}

interface Queued {
  frame: ArrayBuffer
  head: FrameHead
  reader: LineReader | null
}

const protocol = 'berth.log.v1'
export const fallbackKey = 'berth.log.transport'
const ackBytes = 64 * 1024
const openWithin = 3_000
const silence = 45_000
const foregroundBudget = 5
const backgroundBudget = 20
const backgroundEvery = 200

const remembered = () => {
  try {
    return sessionStorage.getItem(fallbackKey) === 'events'
  } catch {
    return false
  }
}

/**
 * Brings a log into a store: WebSocket first, server-sent events where upgrades do not pass, and always
 * from the line that the store needs next, so that no reconnect loses or doubles one.
 */
export class LogStream {
  readonly #options: StreamOptions
  readonly #world: World
  readonly #queue: Queued[] = []
  #socket: WebSocket | null = null
  #source: EventSource | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #watch: ReturnType<typeof setTimeout> | undefined
  #frameRequest = 0
  #background: ReturnType<typeof setTimeout> | undefined
  #attempt = 0
  #eventAttempt = 0 // what came of an older one is nobody's
  #holes = 0 // times that the server's lines did not follow ours, since the last that did
  #socketWorked = false
  #heard = 0
  #unacknowledged = 0
  #onEmpty: (() => void) | null = null // the connection closed, with frames left to take
  #closed = false
  #status: StreamStatus = { connection: 'connecting', transport: 'websocket', state: '' }

  constructor(options: StreamOptions) {
    this.#options = options
    this.#world = options.world ?? browser
    if (remembered()) this.#status.transport = 'events'
  }

  start() {
    document.addEventListener('visibilitychange', this.#onVisibility)
    this.#connect()
  }

  stop() {
    this.#closed = true
    document.removeEventListener('visibilitychange', this.#onVisibility)
    this.#disconnect()
    clearTimeout(this.#timer)
    this.#unschedule()
  }

  #say(change: Partial<StreamStatus>) {
    this.#status = { ...this.#status, ...change }
    this.#options.onStatus(this.#status)
  }

  #connect() {
    if (this.#closed || this.#status.connection === 'ended') return
    this.#disconnect()
    this.#heard = performance.now()
    if (this.#status.transport === 'websocket') this.#openSocket()
    else this.#openEvents()
    this.#watchSilence()
  }

  #disconnect() {
    clearTimeout(this.#watch)
    const socket = this.#socket
    const source = this.#source
    this.#socket = null
    this.#source = null
    this.#eventAttempt++
    socket?.close()
    source?.close()
    this.#queue.length = 0
    this.#onEmpty = null
    this.#unacknowledged = 0
  }

  #openSocket() {
    const { origin, path, store } = this.#options
    const socket = this.#world.socket(`${origin}${path}?after=${store.count}`, protocol)
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    let opened = false
    const tooSlow = setTimeout(() => {
      if (this.#socket !== socket || this.#socketWorked) return
      this.#tryEvents()
    }, openWithin)
    socket.onopen = () => {
      opened = true
      if (this.#socket !== socket) return
      this.#attempt = 0
      this.#say({ connection: 'live' })
    }
    socket.onmessage = (message: MessageEvent<unknown>) => {
      if (this.#socket !== socket) return
      clearTimeout(tooSlow)
      this.#socketWorked = true
      if (message.data instanceof ArrayBuffer) this.#receive(message.data)
    }
    socket.onclose = () => {
      clearTimeout(tooSlow)
      if (this.#socket !== socket) return
      this.#socket = null
      if (!opened) this.#options.onRefused()
      if (!opened && !this.#socketWorked) this.#tryEvents()
      else this.#afterDrain(() => this.#retry())
    }
  }

  /**
   * A short log's lines, its end and the close come within one frame of the screen: what is queued counts
   * before the connection is called lost, as the end may be in it.
   */
  #afterDrain(lost: () => void) {
    this.#onEmpty = lost
    if (this.#queue.length === 0) lost()
  }

  /** Upgrades seem not to pass here; if events do, they stay for this browser session. */
  #tryEvents() {
    this.#say({ transport: 'events' })
    this.#connect()
  }

  #openEvents() {
    const attempt = ++this.#eventAttempt
    const wanted = () => this.#eventAttempt === attempt && !this.#closed
    void import('./events').then(
      (part) => wanted() && this.#listen(part.takeEvents),
      () => wanted() && this.#lost(),
    )
  }

  #listen(takeEvents: typeof import('./events').takeEvents) {
    const { path, store } = this.#options
    const source = this.#world.events(`${path}?after=${store.count}`)
    this.#source = source
    takeEvents(source, (frame) => {
      if (this.#source !== source) return
      this.#receive(frame)
    })
    source.onopen = () => {
      if (this.#source !== source) return
      this.#attempt = 0
      this.#say({ connection: 'live' })
    }
    source.onerror = () => {
      if (this.#source !== source) return
      source.close() // its own retry would repeat the old `after`
      this.#source = null
      this.#options.onRefused()
      this.#afterDrain(() => this.#lost())
    }
  }

  #lost() {
    if (!remembered()) this.#say({ transport: 'websocket' })
    this.#retry()
  }

  /** 50 ms, doubled up to 5 s, with jitter so that many pages do not come back together. */
  #retry() {
    if (this.#closed || this.#status.connection === 'ended') return
    this.#disconnect()
    clearTimeout(this.#timer)
    this.#say({ connection: 'retrying' })
    const delay = Math.min(5_000, 50 * 2 ** (this.#attempt++ + this.#holes))
    this.#timer = setTimeout(() => this.#connect(), delay * (0.5 + Math.random() / 2))
  }

  /** A connection that went quiet may be dead without anybody having said so; asking again is cheap. */
  #watchSilence() {
    clearTimeout(this.#watch)
    this.#watch = setTimeout(() => {
      if (performance.now() - this.#heard >= silence) this.#connect()
      else this.#watchSilence()
    }, silence)
  }

  #receive(frame: ArrayBuffer) {
    this.#heard = performance.now()
    const head = readHead(frame)
    const hasLines = head.type === frameTypes.lines || head.type === frameTypes.replace
    this.#queue.push({ frame, head, reader: hasLines ? new LineReader(frame, head) : null })
    this.#schedule()
  }

  #schedule() {
    if (this.#frameRequest || this.#background) return
    if (this.#world.hidden()) {
      // Frames do not come in a background tab: a timer keeps the log up to date there.
      this.#background = setTimeout(() => {
        this.#background = undefined
        this.#drain(backgroundBudget)
      }, backgroundEvery)
    } else {
      this.#frameRequest = requestAnimationFrame(() => {
        this.#frameRequest = 0
        this.#drain(foregroundBudget)
      })
    }
  }

  #unschedule() {
    cancelAnimationFrame(this.#frameRequest)
    clearTimeout(this.#background)
    this.#frameRequest = 0
    this.#background = undefined
  }

  readonly #onVisibility = () => {
    this.#unschedule()
    if (this.#queue.length > 0) this.#schedule()
    if (this.#world.hidden() || this.#closed) return
    this.#attempt = 0
    if (performance.now() - this.#heard >= 20_000 || !(this.#socket ?? this.#source))
      this.#connect()
  }

  #drain(budget: number) {
    const deadline = performance.now() + budget
    while (this.#queue.length > 0) {
      const item = this.#queue[0]!
      if (!this.#take(item, deadline)) break
      if (this.#queue[0] !== item) break // a reconnect emptied the queue
      this.#queue.shift()
      this.#acknowledge(item.frame.byteLength)
      if (performance.now() >= deadline) break
    }
    this.#options.onDrained()
    if (this.#queue.length > 0) this.#schedule()
    else this.#onEmpty?.()
  }

  /** Answers whether the frame is used up. */
  #take({ frame, head, reader }: Queued, deadline: number): boolean {
    if (head.type === frameTypes.lines) return this.#takeLines(reader!, deadline)
    if (head.type === frameTypes.replace) this.#takeOpen(reader!)
    else if (head.type === frameTypes.gap)
      this.#askAgain() // the file has it all
    else if (head.type === frameTypes.state)
      this.#say({ state: (readJson(frame) as { state: string }).state })
    else if (head.type === frameTypes.end) this.#takeEnd(readJson(frame))
    return true
  }

  #takeLines(reader: LineReader, deadline: number): boolean {
    const { store } = this.#options
    for (let n = 1; !reader.done; n++) {
      const number = reader.next
      if (number > store.count) {
        this.#askAgain()
        return false
      }
      const { head, text } = reader.read()
      if (number === store.count) {
        store.append(head, text)
        this.#holes = 0
      }
      if ((n & 63) === 0 && performance.now() >= deadline) return reader.done
    }
    return true
  }

  #askAgain() {
    this.#holes = Math.min(8, this.#holes + 1)
    this.#retry()
  }

  #takeOpen(reader: LineReader) {
    if (reader.done || reader.next < this.#options.store.count) return
    const { head, text } = reader.read()
    this.#options.store.setOpen(head, new TextDecoder().decode(text))
  }

  #takeEnd(value: unknown) {
    const { state, lines } = value as { state: string; lines: number }
    if (this.#options.store.count < lines && this.#holes < 8) {
      this.#askAgain()
      return
    }
    this.#say({ connection: 'ended', state })
    this.#disconnect()
  }

  /** From the drain, not from the receipt: a page that cannot keep up slows its server down. */
  #acknowledge(bytes: number) {
    this.#unacknowledged += bytes
    const due = this.#unacknowledged >= ackBytes || this.#queue.length === 0
    if (!due || this.#socket?.readyState !== 1) return
    this.#socket.send(JSON.stringify({ type: 'ack', bytes: this.#unacknowledged }))
    this.#unacknowledged = 0
  }
}
