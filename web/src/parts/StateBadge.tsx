import { reasonTitles } from '../api/states'
import type { Reason, State } from '../api/types'
import { cx } from '../ui/classes'

type Tone = 'ok' | 'bad' | 'run' | 'wait' | 'off'

const tones: Record<State, Tone> = {
  queued: 'wait',
  preparing: 'run',
  cloning: 'run',
  installing: 'run',
  building: 'run',
  publishing: 'run',
  ready: 'ok',
  failed: 'bad',
  canceled: 'off',
  superseded: 'off',
  skipped: 'off',
}

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

const looks: Record<Tone, string> = {
  ok: 'text-ok',
  bad: 'text-bad',
  run: 'text-accent',
  wait: 'text-warn',
  off: 'text-muted',
}

/** Shape and word, never colour alone. */
export function StateMark({ state, className }: { state: State; className?: string }) {
  const tone = tones[state]
  return (
    <svg
      viewBox="0 0 16 16"
      aria-hidden="true"
      className={cx('size-3.5 shrink-0', looks[tone], className)}
    >
      {tone === 'ok' && (
        <>
          <circle cx="8" cy="8" r="7" fill="currentColor" />
          <path
            d="M4.8 8.3l2.2 2.2 4.2-4.6"
            fill="none"
            stroke="var(--panel)"
            strokeWidth="1.8"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </>
      )}
      {tone === 'bad' && (
        <>
          <circle cx="8" cy="8" r="7" fill="currentColor" />
          <path
            d="M5.5 5.5l5 5M10.5 5.5l-5 5"
            fill="none"
            stroke="var(--panel)"
            strokeWidth="1.8"
            strokeLinecap="round"
          />
        </>
      )}
      {tone === 'run' && (
        <g className="origin-center animate-spin">
          <circle
            cx="8"
            cy="8"
            r="6"
            fill="none"
            stroke="currentColor"
            strokeWidth="2"
            opacity="0.25"
          />
          <path
            d="M8 2a6 6 0 0 1 6 6"
            fill="none"
            stroke="currentColor"
            strokeWidth="2"
            strokeLinecap="round"
          />
        </g>
      )}
      {tone === 'wait' && (
        <>
          <circle
            cx="8"
            cy="8"
            r="6"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.6"
            strokeDasharray="2.6 2.2"
          />
          <circle cx="8" cy="8" r="1.6" fill="currentColor" />
        </>
      )}
      {tone === 'off' && (
        <>
          <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="1.6" />
          <path d="M5 8h6" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
        </>
      )}
    </svg>
  )
}

export function StateBadge({ state, reason }: { state: State; reason?: Reason | null }) {
  return (
    <span
      className={cx(
        'inline-flex items-center gap-1.5 font-medium whitespace-nowrap',
        looks[tones[state]],
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
