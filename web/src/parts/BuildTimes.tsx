import { queryOptions, useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'

import { call } from '../api/client'
import { everyStep } from '../api/traffic'
import type { BuildTimes as Times } from '../api/types'
import { duration } from '../format'
import { Loading } from '../ui/Panel'
import { ProblemNotice } from './Broken'

const Plot = lazy(() => import('./Plot'))

const buildTimesQuery = (project: string) =>
  queryOptions({
    queryKey: ['builds', project],
    queryFn: () => call<Times>(`/projects/${encodeURIComponent(project)}/builds`),
  })

const minutes = (ms: number) =>
  `${(ms / 60_000).toLocaleString('en', { maximumFractionDigits: 1 })} min`

/** Of the last 30 days: what builds took, and what they cost in minutes of workers. */
export default function BuildTimes({ project }: { project: string }) {
  const { data, error } = useQuery(buildTimesQuery(project))
  if (error) return <ProblemNotice error={error} />
  if (!data) return <Loading />
  const { totals } = data
  const figures: [string, string, string?][] = [
    ['Builds', totals.builds.toLocaleString('en')],
    ['Failed', totals.failed.toLocaleString('en')],
    ['Reused', totals.reused.toLocaleString('en'), 'An earlier build was published again'],
    ['Worked', minutes(totals.worked_ms), 'By workers, for all of them together'],
    ['Half within', totals.p50_ms === null ? '–' : duration(totals.p50_ms)],
    ['95 % within', totals.p95_ms === null ? '–' : duration(totals.p95_ms)],
  ]
  const steps = everyStep(data, { p50_ms: null, p95_ms: null })
  return (
    <div className="p-4">
      <dl className="mb-4 grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3 lg:grid-cols-6">
        {figures.map(([name, value, title]) => (
          <div key={name} title={title}>
            <dt className="text-[13px] text-muted">{name}</dt>
            <dd className="tabular text-lg">{value}</dd>
          </div>
        ))}
      </dl>
      {totals.p50_ms !== null && (
        <Suspense fallback={<Loading />}>
          <Plot
            label="Times of builds that became ready, by the day"
            times_ms={steps.map((step) => step.begin_ms)}
            lines={[
              { label: 'Half within', tone: 'text-ok', values: steps.map((step) => step.p50_ms) },
              {
                label: '95 % within',
                tone: 'text-accent',
                values: steps.map((step) => step.p95_ms),
              },
            ]}
            show={(ms) => duration(Math.round(ms))}
            dots
          />
        </Suspense>
      )}
      {data.cut && (
        <p className="mt-2 text-[13px] text-muted">Of the newest 10,000 builds of that time.</p>
      )}
    </div>
  )
}
