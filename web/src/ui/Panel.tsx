import type { ReactNode } from 'react'

import { cx } from './classes'
import { Icon, type IconName } from './Icon'

export function Panel({
  title,
  actions,
  children,
  flush,
  className,
}: {
  title?: string
  actions?: ReactNode
  children: ReactNode
  /** The content brings its own padding: lists and tables. */
  flush?: boolean
  className?: string
}) {
  return (
    <section className={cx('min-w-0 rounded-xl border border-line bg-panel', className)}>
      {title && (
        <header className="flex min-h-11 flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-1.5">
          <h2 className="text-[14px]">{title}</h2>
          {actions && <div className="flex items-center gap-2">{actions}</div>}
        </header>
      )}
      <div className={flush ? undefined : 'p-4'}>{children}</div>
    </section>
  )
}

export function Empty({
  icon,
  title,
  children,
}: {
  icon: IconName
  title: string
  children?: ReactNode
}) {
  return (
    <div className="flex flex-col items-center gap-1 px-4 py-10 text-center">
      <span className="mb-2 grid size-10 place-items-center rounded-full border border-line bg-raised text-muted">
        <Icon name={icon} className="size-5" />
      </span>
      <p className="font-medium">{title}</p>
      {children && <div className="max-w-md text-muted">{children}</div>}
    </div>
  )
}

/** Grey bars while the first answer is on its way; none for repeats, which keep what is there. */
export function Loading({ rows = 4 }: { rows?: number }) {
  return (
    <div role="status" aria-label="Loading" className="animate-pulse space-y-3 p-4">
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars have no identity
        <div key={i} className={cx('h-4 rounded bg-raised', i % 3 === 2 ? 'w-1/2' : 'w-full')} />
      ))}
    </div>
  )
}

export function PageHead({
  title,
  below,
  actions,
}: {
  title: ReactNode
  below?: ReactNode
  actions?: ReactNode
}) {
  return (
    <div className="mb-5 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-xl break-words">{title}</h1>
        {below && <div className="mt-0.5 text-muted">{below}</div>}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
  )
}
