// The log as server-sent events, for networks that let no upgrade pass. Loaded only there: each event
// becomes the frame that a WebSocket would have brought.

import { frameTypes } from './frames'
import { fallbackKey } from './stream'
import { writeJson, writeLines } from './write'

interface LinesEvent {
  first: number
  lines: [number, number, number, number, string][]
}

const linesFrame = (data: unknown, type: number): ArrayBuffer => {
  const { first, lines } = data as LinesEvent
  return writeLines(
    first,
    lines.map(([delta_ms, stream, level, step, text]) => ({
      head: { delta_ms, stream, level, step },
      text,
    })),
    type,
  )
}

const frames: Record<string, (data: unknown) => ArrayBuffer> = {
  lines: (data) => linesFrame(data, frameTypes.lines),
  replace: (data) => linesFrame(data, frameTypes.replace),
  state: (data) => writeJson(frameTypes.state, 0, data),
  end: (data) => writeJson(frameTypes.end, 0, data),
}

/** They pass here: the rest of this browser session begins with them. */
const remember = () => {
  try {
    sessionStorage.setItem(fallbackKey, 'events')
  } catch {
    // storage is blocked: the next page finds out by itself
  }
}

export const takeEvents = (source: EventSource, receive: (frame: ArrayBuffer) => void) => {
  for (const [name, frame] of Object.entries(frames))
    source.addEventListener(name, (event) => {
      remember()
      receive(frame(JSON.parse((event as MessageEvent<string>).data)))
    })
}
