import { Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'

import { microseconds, type PlotName } from '../api/traffic'
import type { TrafficPoint } from '../api/types'
import { bytes } from '../format'
import { Loading } from '../ui/Panel'
import type { Line } from './Plot'
import { TrafficChart } from './TrafficChart'

const Plot = lazy(() => import('./Plot'))

type Pictured = Exclude<PlotName, 'requests'>

const percent = (part: number, all: number) => (all === 0 ? null : (100 * part) / all)

const plots: Record<
  Pictured,
  { label: string; show: (value: number) => string; lines: (steps: TrafficPoint[]) => Line[] }
> = {
  sent: {
    label: 'Bytes sent',
    show: bytes,
    lines: (steps) => [
      { label: 'Sent', tone: 'text-accent', values: steps.map((step) => step.bytes) },
    ],
  },
  times: {
    label: 'Times of answers',
    show: (value) => microseconds(Math.round(value)),
    lines: (steps) => [
      { label: 'Half within', tone: 'text-ok', values: steps.map((step) => step.p50_us) },
      { label: '95 % within', tone: 'text-accent', values: steps.map((step) => step.p95_us) },
      { label: '99 % within', tone: 'text-warn', values: steps.map((step) => step.p99_us) },
    ],
  },
  memory: {
    label: 'Answers from memory',
    show: (value) => `${Math.round(value)} %`,
    lines: (steps) => [
      {
        label: 'From memory, of the edge or the visitor',
        tone: 'text-ok',
        values: steps.map((step) => percent(step.memory + step.not_modified, step.requests)),
      },
    ],
  },
}

const names: Record<PlotName, string> = {
  requests: 'Requests',
  sent: 'Sent',
  times: 'Times',
  memory: 'From memory',
}

export function TrafficPlots({ plot, steps }: { plot: PlotName; steps: TrafficPoint[] }) {
  const pictured = plot === 'requests' ? null : plots[plot]
  return (
    <>
      <nav aria-label="Plot" className="mb-3 flex flex-wrap gap-1">
        {(Object.keys(names) as PlotName[]).map((name) => (
          <Link
            key={name}
            to="."
            search={(search) => ({ ...search, plot: name === 'requests' ? undefined : name })}
            replace
            resetScroll={false}
            aria-current={name === plot ? 'true' : undefined}
            data-on={name === plot || undefined}
            className="flex h-7 items-center rounded-md px-2 text-[13px] text-muted no-underline hover:text-ink data-on:bg-raised data-on:font-medium data-on:text-ink"
          >
            {names[name]}
          </Link>
        ))}
      </nav>
      {!pictured ? (
        <TrafficChart steps={steps} />
      ) : (
        <Suspense fallback={<Loading />}>
          <Plot
            key={plot}
            label={`${pictured.label} over time`}
            times_ms={steps.map((step) => step.begin_ms)}
            lines={pictured.lines(steps)}
            show={pictured.show}
          />
        </Suspense>
      )}
    </>
  )
}
