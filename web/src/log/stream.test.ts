// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { frameTypes } from './frames'
import { LogStore } from './store'
import { LogStream, type StreamStatus, type World } from './stream'
import { writeJson, writeLines } from './write'

class FakeSocket {
  readyState = 0
  binaryType = ''
  sent: { type: string; bytes: number }[] = []
  onopen: () => void = () => {}
  onclose: () => void = () => {}
  onmessage: (message: { data: unknown }) => void = () => {}
  readonly url: string
  constructor(url: string) {
    this.url = url
  }
  send(text: string) {
    this.sent.push(JSON.parse(text))
  }
  close() {
    this.readyState = 3
  }
  open() {
    this.readyState = 1
    this.onopen()
  }
  drop() {
    this.readyState = 3
    this.onclose()
  }
  lines(first: number, ...texts: string[]) {
    const head = { delta_ms: 0, stream: 0, level: 0, step: 0 }
    this.onmessage({
      data: writeLines(
        first,
        texts.map((text) => ({ head, text })),
      ),
    })
  }
  replace(next: number, text: string) {
    const head = { delta_ms: 0, stream: 0, level: 0, step: 0 }
    this.onmessage({ data: writeLines(next, [{ head, text }], frameTypes.replace) })
  }
  end(lines: number) {
    this.onmessage({
      data: writeJson(frameTypes.end, lines, { state: 'ready', lines, exit_code: 0 }),
    })
  }
}

class FakeEvents {
  static last: FakeEvents | null = null
  listeners = new Map<string, (event: { data: string }) => void>()
  onopen: () => void = () => {}
  onerror: () => void = () => {}
  closed = false
  readonly url: string
  constructor(url: string) {
    this.url = url
    FakeEvents.last = this
  }
  addEventListener(name: string, listener: (event: { data: string }) => void) {
    this.listeners.set(name, listener)
  }
  close() {
    this.closed = true
  }
  say(name: string, data: unknown) {
    this.listeners.get(name)!({ data: JSON.stringify(data) })
  }
}

const sockets: FakeSocket[] = []
let status: StreamStatus | null = null
let store: LogStore
let stream: LogStream
let world: World
let refused = 0
let hidden = false

const last = () => sockets.at(-1)!
const texts = () => Array.from({ length: store.count }, (_, line) => store.raw(line))
const settle = () => vi.advanceTimersByTime(40)

beforeEach(() => {
  vi.useFakeTimers({
    toFake: [
      'setTimeout',
      'clearTimeout',
      'requestAnimationFrame',
      'cancelAnimationFrame',
      'performance',
      'Date',
    ],
  })
  sessionStorage.clear()
  sockets.length = 0
  FakeEvents.last = null
  refused = 0
  hidden = false
  store = new LogStore()
  world = {
    socket: (url) => {
      sockets.push(new FakeSocket(url))
      return last() as unknown as WebSocket
    },
    events: (url) => new FakeEvents(url) as unknown as EventSource,
    hidden: () => hidden,
  }
  stream = new LogStream({
    path: '/log',
    origin: 'ws://here',
    store,
    world,
    onStatus: (next) => {
      status = next
    },
    onDrained: () => {},
    onRefused: () => refused++,
  })
  stream.start()
})

afterEach(() => {
  stream.stop()
  vi.useRealTimers()
})

describe('a log stream', () => {
  it('asks from the first line and takes what comes', () => {
    expect(last().url).toBe('ws://here/log?after=0')
    last().open()
    last().lines(0, 'a', 'b')
    settle()
    expect(texts()).toEqual(['a', 'b'])
    expect(status?.connection).toBe('live')
  })

  it('acknowledges from the drain, not from the receipt', () => {
    last().open()
    last().lines(0, 'a')
    expect(last().sent).toEqual([])
    settle()
    expect(last().sent).toEqual([{ type: 'ack', bytes: 16 + 12 + 1 }])
  })

  it('resumes after a drop without loss or double', () => {
    last().open()
    last().lines(0, 'a', 'b')
    settle()
    last().drop()
    expect(status?.connection).toBe('retrying')
    vi.advanceTimersByTime(100)
    expect(last().url).toBe('ws://here/log?after=2')
    last().open()
    last().lines(1, 'b', 'c')
    settle()
    expect(texts()).toEqual(['a', 'b', 'c'])
  })

  it('asks again when lines are missing, rather than showing a hole', () => {
    last().open()
    last().lines(3, 'd')
    settle()
    expect(store.count).toBe(0)
    vi.advanceTimersByTime(200)
    expect(sockets).toHaveLength(2)
    expect(last().url).toBe('ws://here/log?after=0')
  })

  it('shows the open line until it is complete', () => {
    last().open()
    last().lines(0, 'a')
    last().replace(1, '50 %')
    settle()
    expect(store.open?.text).toBe('50 %')
    last().lines(1, '100 %')
    settle()
    expect(store.open).toBeNull()
  })

  it('is over at the end, and stays so', () => {
    last().open()
    last().lines(0, 'a')
    last().end(1)
    settle()
    expect(status?.connection).toBe('ended')
    expect(status?.state).toBe('ready')
    last().drop()
    vi.advanceTimersByTime(10_000)
    expect(sockets).toHaveLength(1)
  })

  it('is over when the close comes before the end was drawn', () => {
    last().open()
    last().lines(0, 'a', 'b')
    last().end(2)
    last().drop()
    expect(status?.connection).toBe('live')
    settle()
    expect(status).toMatchObject({ connection: 'ended', state: 'ready' })
    expect(texts()).toEqual(['a', 'b'])
    vi.advanceTimersByTime(60_000)
    expect(sockets.length).toBe(1)
  })

  it('keeps what came before a drop, and asks from there', () => {
    last().open()
    last().lines(0, 'a', 'b')
    last().drop()
    settle()
    expect(status?.connection).toBe('retrying')
    vi.advanceTimersByTime(60)
    expect(last().url).toBe('ws://here/log?after=2')
  })

  it('asks again when the end speaks of more lines than came', () => {
    last().open()
    last().end(5)
    settle()
    expect(status?.connection).toBe('retrying')
  })

  it('falls back to events when sockets are refused, and remembers', async () => {
    last().drop()
    expect(refused).toBe(1)
    await vi.dynamicImportSettled()
    expect(FakeEvents.last?.url).toBe('/log?after=0')
    FakeEvents.last!.onopen()
    FakeEvents.last!.say('lines', { first: 0, lines: [[0, 0, 0, 0, 'a']] })
    settle()
    expect(texts()).toEqual(['a'])
    expect(sessionStorage.getItem('berth.log.transport')).toBe('events')
  })

  it('falls back when a socket opens slowly or says nothing for three seconds', async () => {
    vi.advanceTimersByTime(3_100)
    await vi.dynamicImportSettled()
    expect(FakeEvents.last).not.toBeNull()
  })

  it('opens no events for a page that was left while their code came', async () => {
    last().drop()
    stream.stop()
    await vi.dynamicImportSettled()
    expect(FakeEvents.last).toBeNull()
  })

  it('is over when events end before their end was drawn', async () => {
    last().drop()
    await vi.dynamicImportSettled()
    const events = FakeEvents.last!
    events.onopen()
    events.say('end', { state: 'ready', lines: 0, exit_code: 0 })
    events.onerror()
    settle()
    expect(status).toMatchObject({ connection: 'ended', state: 'ready' })
  })

  it('opens events once, though it was shown again while their code came', async () => {
    const opened = vi.spyOn(world, 'events')
    last().drop()
    document.dispatchEvent(new Event('visibilitychange'))
    await vi.dynamicImportSettled()
    expect(opened).toHaveBeenCalledOnce()
  })

  it('keeps to sockets once one has worked: then the server is away, not the way blocked', async () => {
    last().open()
    last().lines(0, 'a')
    settle()
    last().drop()
    vi.advanceTimersByTime(100)
    last().drop()
    vi.advanceTimersByTime(300)
    last().drop()
    vi.advanceTimersByTime(600)
    await vi.dynamicImportSettled()
    expect(FakeEvents.last).toBeNull()
    expect(sockets.length).toBeGreaterThan(3)
  })

  it('goes on draining on a timer while the tab is hidden', () => {
    last().open()
    hidden = true
    last().lines(0, 'a')
    settle()
    expect(store.count).toBe(0)
    vi.advanceTimersByTime(250)
    expect(texts()).toEqual(['a'])
  })

  it('comes back at once when the tab is shown again', () => {
    last().open()
    last().lines(0, 'a')
    settle()
    hidden = true
    vi.advanceTimersByTime(30_000)
    hidden = false
    document.dispatchEvent(new Event('visibilitychange'))
    expect(last().url).toBe('ws://here/log?after=1')
    expect(sockets).toHaveLength(2)
  })
})
