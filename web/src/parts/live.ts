import type { Query, QueryClient } from '@tanstack/react-query'

import { refresh } from '../api/client'
import type { LiveEvent } from '../api/types'
import { sayLive } from './liveState'

// A look at a repository is work for the server and answers a form: only the form asks again.
const everything = { predicate: (query: Query) => query.queryKey[0] !== 'inspect' }

const path = '/api/v1/events'

/** Which cached answers an event makes old; keys are matched by their beginning. */
export const staleKeys = (event: LiveEvent): string[][] => {
  if (!event.id) return [[]] // "look again": everything
  const what = `${event.topic} ${event.type} ${event.id}`
  if (event.id?.startsWith('dpl_'))
    return [
      ['deployment', event.id],
      ['deployments'],
      ['previews'],
      ['projects'],
      ['project'],
      ['production'],
      ['env-changes'],
    ]
  if (/project|production|prj_/.test(what))
    return [
      ['projects'],
      ['project'],
      ['production'],
      ['deployments'],
      ['previews'],
      ['env-changes'],
    ]
  if (/user|session|token/.test(what)) return [['users'], ['sessions'], ['tokens']]
  return []
}

/**
 * Listens to what happens on the server and marks what we know as old. Events are gathered for 150 ms,
 * so that a burst asks once. Answers the way to stop.
 */
export const listen = (client: QueryClient): (() => void) => {
  let socket: WebSocket | null = null
  let source: EventSource | null = null
  let stopped = false
  let everOpened = false
  let useEvents = false
  let attempt = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let gather: ReturnType<typeof setTimeout> | undefined
  const stale = new Map<string, string[]>()

  const take = (text: string) => {
    let event: LiveEvent
    try {
      event = JSON.parse(text) as LiveEvent
    } catch {
      return
    }
    for (const key of staleKeys(event)) stale.set(key.join('/'), key)
    gather ??= setTimeout(() => {
      gather = undefined
      const keys = [...stale.values()]
      stale.clear()
      for (const queryKey of keys) void client.invalidateQueries({ ...everything, queryKey })
    }, 150)
  }

  const opened = () => {
    attempt = 0
    // What happened while nobody listened is unknown: everything in view asks again.
    if (everOpened) void client.invalidateQueries(everything)
    everOpened = true
    sayLive('live')
  }

  const retry = () => {
    if (stopped) return
    sayLive('retrying')
    const delay = Math.min(5_000, 100 * 2 ** attempt++)
    timer = setTimeout(connect, delay * (0.5 + Math.random() / 2))
  }

  const connect = () => {
    if (stopped) return
    if (useEvents) return connectEvents()
    let open = false
    const next = new WebSocket(`${location.origin.replace(/^http/, 'ws')}${path}`)
    socket = next
    next.onopen = () => {
      open = true
      opened()
    }
    next.onmessage = (message) => {
      if (typeof message.data === 'string') take(message.data)
    }
    next.onclose = async () => {
      if (stopped) return
      if (!open) await refresh() // the usual cause: our access ended while we waited
      if (!open && !everOpened && attempt > 1) useEvents = true
      retry()
    }
  }

  const connectEvents = () => {
    const next = new EventSource(path)
    source = next
    next.onopen = opened
    next.onmessage = (message) => take(message.data)
    for (const name of ['event', 'change'])
      next.addEventListener(name, (event) => take((event as MessageEvent<string>).data))
    next.onerror = () => {
      next.close()
      if (!everOpened) useEvents = false
      retry()
    }
  }

  connect()
  return () => {
    stopped = true
    clearTimeout(timer)
    clearTimeout(gather)
    socket?.close()
    source?.close()
  }
}
