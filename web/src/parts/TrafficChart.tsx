import type { TrafficPoint } from '../api/types'
import { counted, exact } from '../format'

const height = 120

/** From the ground up. */
const classes = [
  { key: 'success', label: '2xx', fill: 'fill-ok' },
  { key: 'redirects', label: '3xx', fill: 'fill-accent' },
  { key: 'client_errors', label: '4xx', fill: 'fill-warn' },
  { key: 'server_errors', label: '5xx', fill: 'fill-bad' },
] as const

/** The pieces of one bar, each with its place: `[y, height]` from above. */
export const piecesOf = (point: TrafficPoint, most: number) => {
  let ground = height
  return classes.map(({ key, fill }) => {
    const tall = most === 0 ? 0 : (point[key] / most) * height
    ground -= tall
    return { key, fill, y: ground, tall }
  })
}

export function TrafficChart({ steps }: { steps: TrafficPoint[] }) {
  const most = Math.max(0, ...steps.map((step) => step.requests))
  const all = steps.reduce((sum, step) => sum + step.requests, 0)
  return (
    <figure>
      <svg
        viewBox={`0 0 ${steps.length * 4} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${counted(all, 'request')}; at most ${most.toLocaleString('en')} in one step`}
        className="h-32 w-full border-b border-line"
      >
        {steps.map((step, at) => (
          <g key={step.begin_ms}>
            <title>{`${exact(step.begin_ms)}: ${counted(step.requests, 'request')}`}</title>
            {/* The whole column answers to the pointer. */}
            <rect x={at * 4} y={0} width={4} height={height} className="fill-transparent" />
            {piecesOf(step, most).map(({ key, fill, y, tall }) => (
              <rect key={key} x={at * 4 + 0.5} y={y} width={3} height={tall} className={fill} />
            ))}
          </g>
        ))}
      </svg>
      <figcaption className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-[13px] text-muted">
        {classes.map(({ key, label, fill }) => (
          <span key={key} className="inline-flex items-center gap-1.5">
            <svg viewBox="0 0 8 8" className="size-2" aria-hidden="true">
              <rect width={8} height={8} className={fill} />
            </svg>
            {label}
          </span>
        ))}
        <span className="ml-auto">At most {most.toLocaleString('en')}</span>
      </figcaption>
    </figure>
  )
}
