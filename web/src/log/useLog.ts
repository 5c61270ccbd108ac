import { useEffect, useRef, useState } from 'react'

import type { Deployment } from '../api/types'
import { LogStore } from './store'
import { LogStream, type StreamStatus } from './stream'
import { LogView } from './view'

export interface LogFacts {
  lines: number
  errors: number
  warnings: number
  bytes: number
}

/** What the toolbar shows; refreshed four times a second at most, whatever arrives. */
const factsEvery = 250

/** Ties one deployment's log to the elements that show it, for as long as both are there. */
export const useLog = (
  deployment: Deployment,
  handlers: {
    onSelect: (from: number, to: number) => void
    onRefused: () => void
    onDrained?: () => void
  },
) => {
  const scroller = useRef<HTMLDivElement>(null)
  const sticky = useRef<HTMLButtonElement>(null)
  const map = useRef<HTMLCanvasElement>(null)
  const current = useRef(handlers)
  current.current = handlers
  const [log, setLog] = useState<{ store: LogStore; view: LogView } | null>(null)
  const [status, setStatus] = useState<StreamStatus | null>(null)
  const [following, setFollowing] = useState(true)
  const [facts, setFacts] = useState<LogFacts>({ lines: 0, errors: 0, warnings: 0, bytes: 0 })
  const { id, created_at_ms } = deployment

  useEffect(() => {
    const store = new LogStore()
    let due: ReturnType<typeof setTimeout> | undefined
    let told = false
    const say = () => {
      due = undefined
      const { count, errors, warnings, bytes } = store
      setFacts({ lines: count, errors: errors.length, warnings: warnings.length, bytes })
    }
    const view = new LogView(scroller.current!, sticky.current!, map.current!, {
      store,
      created_at_ms,
      onFollow: setFollowing,
      onSelect: (from, to) => current.current.onSelect(from, to),
      onFold: () => {},
    })
    const stream = new LogStream({
      path: `/api/v1/deployments/${encodeURIComponent(id)}/log`,
      origin: location.origin.replace(/^http/, 'ws'),
      store,
      onStatus: setStatus,
      onRefused: () => current.current.onRefused(),
      onDrained: () => {
        view.draw()
        // The first lines are told at once: "waiting" must not stand over them.
        if (!told && store.count > 0) {
          told = true
          say()
        } else {
          due ??= setTimeout(say, factsEvery)
        }
        current.current.onDrained?.()
      },
    })
    setFollowing(true)
    setLog({ store, view })
    stream.start()
    return () => {
      clearTimeout(due)
      stream.stop()
      view.destroy()
    }
  }, [id, created_at_ms])

  return { scroller, sticky, map, log, status, following, facts }
}
