import { type ReactNode, useEffect, useId, useRef } from 'react'

import { IconButton } from './Button'
import { cx } from './classes'

/** The platform's own dialog: focus, Escape and the rest of the page are its business. */
export function Dialog({
  title,
  onClose,
  children,
  wide,
}: {
  title: string
  onClose: () => void
  children: ReactNode
  wide?: boolean
}) {
  const id = useId()
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = ref.current!
    dialog.showModal()
    return () => dialog.close()
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={ref}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && onClose()}
      className={cx(
        'm-auto w-[calc(100vw-2rem)] rounded-xl border border-line bg-panel p-0 text-ink shadow-pop',
        wide ? 'max-w-2xl' : 'max-w-lg',
      )}
    >
      <div className="p-5">
        <div className="mb-3 flex items-center justify-between gap-4">
          <h2 id={id} className="text-base">
            {title}
          </h2>
          <IconButton label="Close" icon="cross" onClick={onClose} className="-mr-1.5" />
        </div>
        {children}
      </div>
    </dialog>
  )
}

export function DialogButtons({ children }: { children: ReactNode }) {
  return <div className="mt-5 flex flex-wrap justify-end gap-2">{children}</div>
}
