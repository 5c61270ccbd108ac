import './log.css'

import { LogStore } from './store'
import { LogStream, type StreamStatus } from './stream'
import { LogView } from './view'

export interface LogFacts {
  lines: number
  errors: number
}

export interface LogHandlers {
  onStatus: (status: StreamStatus) => void
  onFacts: (facts: LogFacts) => void
  onFollow: (following: boolean) => void
  onSelect: (from: number, to: number) => void
  onRefused: () => void
  onDrained: () => void
}

export interface OpenLog {
  store: LogStore
  view: LogView
  close: () => void
}

/** What the toolbar shows; refreshed four times a second at most, whatever arrives. */
const factsEvery = 250

/** Brings a deployment's log into the elements that show it, until it is closed. */
export const openLog = (
  elements: { scroller: HTMLElement; sticky: HTMLElement; map: HTMLCanvasElement },
  deployment: { id: string; created_at_ms: number },
  handlers: LogHandlers,
): OpenLog => {
  const store = new LogStore()
  let due: ReturnType<typeof setTimeout> | undefined
  let told = false
  const say = () => {
    due = undefined
    handlers.onFacts({ lines: store.count, errors: store.errors.length })
  }
  const view = new LogView(elements.scroller, elements.sticky, elements.map, {
    store,
    created_at_ms: deployment.created_at_ms,
    onFollow: handlers.onFollow,
    onSelect: handlers.onSelect,
  })
  const stream = new LogStream({
    path: `/api/v1/deployments/${encodeURIComponent(deployment.id)}/log`,
    origin: location.origin.replace(/^http/, 'ws'),
    store,
    onStatus: handlers.onStatus,
    onRefused: handlers.onRefused,
    onDrained: () => {
      view.draw()
      // The first lines are told at once: "waiting" must not stand over them.
      if (!told && store.count > 0) {
        told = true
        say()
      } else {
        due ??= setTimeout(say, factsEvery)
      }
      handlers.onDrained()
    },
  })
  stream.start()
  return {
    store,
    view,
    close: () => {
      clearTimeout(due)
      stream.stop()
      view.destroy()
    },
  }
}
