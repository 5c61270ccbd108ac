import type { State } from '../api/types'
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

export const lookOf = (state: State) => looks[tones[state]]
