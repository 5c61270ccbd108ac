import { reasonTitles } from '../api/states'
import type { Reason, State } from '../api/types'
import { cx } from '../ui/classes'
import { lookOf, StateMark } from './StateMark'

const words: Record<State, string> = {
  queued: 'Queued',
  preparing: 'Preparing',
  cloning: 'Cloning',
  installing: 'Installing',
  building: 'Building',
  publishing: 'Publishing',
  ready: 'Ready',
  failed: 'Failed',
  canceled: 'Canceled',
  superseded: 'Superseded',
  skipped: 'Skipped',
}

export function StateBadge({ state, reason }: { state: State; reason?: Reason | null }) {
  return (
    <span
      className={cx(
        'inline-flex items-center gap-1.5 font-medium whitespace-nowrap',
        lookOf(state),
      )}
      title={reason ? reasonTitles[reason] : undefined}
      data-state={state}
    >
      <StateMark state={state} />
      {words[state]}
    </span>
  )
}

export function Chip({
  children,
  tone = 'plain',
}: {
  children: React.ReactNode
  tone?: 'plain' | 'ok' | 'warn' | 'accent'
}) {
  const tints = {
    plain: 'border-line text-muted',
    ok: 'border-ok/40 bg-ok-soft text-ok',
    warn: 'border-warn/40 bg-warn-soft text-warn',
    accent: 'border-accent/40 bg-accent-soft text-accent',
  }
  return (
    <span
      className={cx(
        'inline-flex items-center gap-1 rounded-full border px-2 py-px text-[12px] whitespace-nowrap',
        tints[tone],
      )}
    >
      {children}
    </span>
  )
}
