import type { ReactNode } from 'react'

import { cx } from './classes'
import { Icon, type IconName } from './Icon'

const tones = {
  info: 'border-accent/40 bg-accent-soft',
  warn: 'border-warn/40 bg-warn-soft',
  bad: 'border-bad/40 bg-bad-soft',
  ok: 'border-ok/40 bg-ok-soft',
}
const inks = { info: 'text-accent', warn: 'text-warn', bad: 'text-bad', ok: 'text-ok' }

export function Notice({
  tone = 'info',
  icon,
  title,
  children,
  actions,
  role,
}: {
  tone?: keyof typeof tones
  icon?: IconName
  title?: ReactNode
  children?: ReactNode
  actions?: ReactNode
  role?: 'alert' | 'status'
}) {
  return (
    <div role={role} className={cx('flex gap-3 rounded-lg border px-4 py-3', tones[tone])}>
      <span className={cx('mt-0.5', inks[tone])}>
        <Icon name={icon ?? (tone === 'ok' ? 'check' : tone === 'info' ? 'info' : 'warning')} />
      </span>
      <div className="flex min-w-0 grow flex-col gap-x-4 gap-y-2 sm:flex-row">
        <div className="min-w-0 grow">
          {title && <p className="font-medium break-words">{title}</p>}
          {children && <div className="break-words text-ink-soft">{children}</div>}
        </div>
        {actions && <div className="flex shrink-0 flex-wrap items-start gap-2">{actions}</div>}
      </div>
    </div>
  )
}
