import { useSyncExternalStore } from 'react'

import { ago, duration, exact } from '../format'

const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  if (timer === undefined) now = Date.now()
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of listeners) each()
  }, 1_000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The time of day, once a second, from one clock for the whole page. */
export const useNow = () => useSyncExternalStore(subscribe, () => now)

export function Ago({ at_ms, className }: { at_ms: number; className?: string }) {
  const current = useNow()
  return (
    <time dateTime={new Date(at_ms).toISOString()} title={exact(at_ms)} className={className}>
      {ago(at_ms, Math.max(current, at_ms))}
    </time>
  )
}

/** Counts up while `end_ms` is not known. */
export function Took({ begin_ms, end_ms }: { begin_ms: number; end_ms: number | null }) {
  return end_ms === null ? <Ticking begin_ms={begin_ms} /> : duration(end_ms - begin_ms)
}

function Ticking({ begin_ms }: { begin_ms: number }) {
  const current = useNow()
  const seconds = Math.max(0, Math.floor((current - begin_ms) / 1000))
  return seconds < 100 ? `${seconds} s` : duration(seconds * 1000)
}
