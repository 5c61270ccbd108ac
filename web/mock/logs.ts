import type { ServerResponse } from 'node:http'
import type { WebSocket } from 'ws'

import { isEnd } from '../src/api/states'
import { frameTypes } from '../src/log/frames'
import { writeJson, writeLines } from '../src/log/write'
import type { Run } from './world'

const flushEvery = 50
const batchBytes = 64 * 1024
const windowBytes = 1024 * 1024

const stateOf = (run: Run) => ({ state: run.deployment.state })
const endOf = (run: Run) => ({
  state: run.deployment.state,
  lines: run.lines.length,
  exit_code: run.deployment.exit_code,
})

/** Lines from `next` on, as many as fit a batch. */
const batch = (run: Run, next: number) => {
  let bytes = 0
  let end = next
  while (end < run.lines.length && bytes < batchBytes) bytes += run.lines[end++]!.text.length + 12
  return run.lines.slice(next, end)
}

/** The binary protocol, with its window: nothing is sent beyond 1 MiB that the reader has not taken. */
export const streamSocket = (socket: WebSocket, run: Run, after: number) => {
  let next = after
  let unacknowledged = 0
  let state = ''
  const send = (frame: ArrayBuffer) => {
    unacknowledged += frame.byteLength
    socket.send(new Uint8Array(frame))
  }
  const flush = () => {
    if (run.deployment.state !== state) {
      state = run.deployment.state
      send(writeJson(frameTypes.state, next, stateOf(run)))
    }
    while (next < run.lines.length && unacknowledged < windowBytes) {
      const lines = batch(run, next)
      send(writeLines(next, lines))
      next += lines.length
    }
    if (isEnd(run.deployment.state) && next >= run.lines.length) {
      send(writeJson(frameTypes.end, next, endOf(run)))
      clearInterval(timer)
      run.listeners.delete(listener)
    }
  }
  const listener = () => {}
  run.listeners.add(listener)
  const timer = setInterval(flush, flushEvery)
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as { type: string; bytes: number }
    if (message.type === 'ack') unacknowledged -= message.bytes
  })
  socket.on('close', () => {
    clearInterval(timer)
    run.listeners.delete(listener)
  })
  flush()
}

/** The same as server-sent events. */
export const streamEvents = (response: ServerResponse, run: Run, after: number) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  let next = after
  let state = ''
  const send = (event: string, data: unknown) =>
    response.write(`event: ${event}\nid: ${next}\ndata: ${JSON.stringify(data)}\n\n`)
  const flush = () => {
    if (run.deployment.state !== state) {
      state = run.deployment.state
      send('state', stateOf(run))
    }
    while (next < run.lines.length) {
      const lines = batch(run, next)
      const first = next
      next += lines.length
      send('lines', {
        first,
        lines: lines.map(({ head, text }) => [
          head.delta_ms,
          head.stream,
          head.level,
          head.step,
          text,
        ]),
      })
    }
    if (isEnd(run.deployment.state)) {
      send('end', endOf(run))
      clearInterval(timer)
    }
  }
  const listener = () => {}
  run.listeners.add(listener)
  const timer = setInterval(flush, flushEvery)
  response.on('close', () => {
    clearInterval(timer)
    run.listeners.delete(listener)
  })
  flush()
}
