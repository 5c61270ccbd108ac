/** Whether events reach this page; the rail shows it. */
export type Live = 'connecting' | 'live' | 'retrying'

let live: Live = 'connecting'
const listeners = new Set<() => void>()

export const liveState = {
  get: () => live,
  subscribe: (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

export const sayLive = (next: Live) => {
  live = next
  for (const listener of listeners) listener()
}
