import { useEffect, useRef } from 'react'

const storageKey = 'berth.keys'

/** Single-letter keys can be switched off (WCAG 2.1.4). */
export const keysEnabled = () => {
  try {
    return localStorage.getItem(storageKey) !== 'off'
  } catch {
    return true
  }
}

export const enableKeys = (on: boolean) => {
  try {
    localStorage.setItem(storageKey, on ? 'on' : 'off')
  } catch {
    // storage is blocked: the switch lasts until the next load
  }
}

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

const inDialog = () => document.querySelector('dialog[open]') !== null

export type KeyMap = Record<string, (event: KeyboardEvent) => void>

const nameOf = (event: KeyboardEvent) =>
  `${event.ctrlKey || event.metaKey ? 'mod+' : ''}${event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key}`

/** Binds keys ("f", "G", "mod+k") and pairs pressed within a second ("g p") while mounted. */
export const useKeys = (map: KeyMap) => {
  const current = useRef(map)
  current.current = map
  useEffect(() => {
    let first = ''
    let firstAt = 0
    const onKey = (event: KeyboardEvent) => {
      const name = nameOf(event)
      if (event.altKey || event.defaultPrevented) return
      if (!name.startsWith('mod+') && (typing(event.target) || inDialog() || !keysEnabled())) return
      const pair = first && event.timeStamp - firstAt < 1_000 ? `${first} ${name}` : ''
      const run = (pair && current.current[pair]) || current.current[name]
      first = pair && current.current[pair] ? '' : name
      firstAt = event.timeStamp
      if (!run) return
      event.preventDefault()
      run(event)
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
