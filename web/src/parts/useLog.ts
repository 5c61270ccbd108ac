import { useEffect, useRef, useState } from 'react'

import type { Deployment } from '../api/types'
import type { LogHandlers, OpenLog } from '../log/open'
import type { StreamStatus } from '../log/stream'

const load = () => import('../log/open').then(({ openLog }) => openLog)

// Asked for at once, beside the page itself: the log is why people come here.
load().catch(() => {})

/** Ties one deployment's log to the elements that show it, for as long as both are there. */
export const useLog = (
  { id, created_at_ms }: Deployment,
  handlers: Pick<LogHandlers, 'onSelect' | 'onRefused' | 'onDrained'>,
) => {
  const scroller = useRef<HTMLDivElement>(null)
  const sticky = useRef<HTMLButtonElement>(null)
  const map = useRef<HTMLCanvasElement>(null)
  const current = useRef(handlers)
  current.current = handlers
  const [log, setLog] = useState<OpenLog | null>(null)
  const [status, setStatus] = useState<StreamStatus | null>(null)
  const [following, setFollowing] = useState(true)
  const [facts, setFacts] = useState({ lines: 0, errors: 0 })
  const [broken, setBroken] = useState<unknown>(null)

  useEffect(() => {
    let open: OpenLog | null = null
    let gone = false
    load().then((openLog) => {
      if (gone) return
      const elements = {
        scroller: scroller.current!,
        sticky: sticky.current!,
        map: map.current!,
      }
      open = openLog(
        elements,
        { id, created_at_ms },
        {
          onStatus: setStatus,
          onFacts: setFacts,
          onFollow: setFollowing,
          onSelect: (from, to) => current.current.onSelect(from, to),
          onRefused: () => current.current.onRefused(),
          onDrained: () => current.current.onDrained(),
        },
      )
      setFollowing(true)
      setLog(open)
    }, setBroken)
    return () => {
      gone = true
      open?.close()
    }
  }, [id, created_at_ms])

  if (broken) throw broken // the page says so, and offers to try again
  return { scroller, sticky, map, log, status, following, facts }
}
