import { useSyncExternalStore } from 'react'

import { IconButton } from './Button'

export interface Toast {
  id: number
  text: string
  bad?: boolean
  action?: { label: string; run: () => void }
}

let toasts: Toast[] = []
let last = 0
const listeners = new Set<() => void>()

const change = (next: Toast[]) => {
  toasts = next
  for (const listener of listeners) listener()
}

const dismiss = (id: number) => change(toasts.filter((toast) => toast.id !== id))

/** Says something in the corner. With an action it stays ten seconds, else five; errors stay. */
export const toast = (text: string, more: Omit<Toast, 'id' | 'text'> = {}) => {
  const id = ++last
  change([...toasts.slice(-3), { id, text, ...more }])
  if (!more.bad) setTimeout(() => dismiss(id), more.action ? 10_000 : 5_000)
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-3 bottom-20 z-50 flex flex-col items-end gap-2 md:bottom-5"
    >
      {shown.map((item) => (
        <div
          key={item.id}
          className="pointer-events-auto flex max-w-md items-center gap-3 rounded-lg border border-line bg-panel py-2 pr-2 pl-4 shadow-pop"
        >
          <span className={item.bad ? 'text-bad' : undefined}>{item.text}</span>
          {item.action && (
            <button
              type="button"
              className="link min-h-[24px] font-medium"
              onClick={() => {
                dismiss(item.id)
                item.action!.run()
              }}
            >
              {item.action.label}
            </button>
          )}
          <IconButton label="Dismiss" icon="cross" onClick={() => dismiss(item.id)} />
        </div>
      ))}
    </div>
  )
}
