// What a project's visitors did. Not in queries.ts, which every page needs.

import { queryOptions } from '@tanstack/react-query'

import { call } from './client'
import type { Traffic, TrafficPoint } from './types'

const hour_ms = 3_600_000

/** What can be looked at: each has as many steps as a screen has room for. */
export const spans = {
  '2h': { label: '2 hours', ms: 2 * hour_ms, step: 'minute' },
  '24h': { label: '24 hours', ms: 24 * hour_ms, step: 'hour' },
  '7d': { label: '7 days', ms: 7 * 24 * hour_ms, step: 'hour' },
  '90d': { label: '90 days', ms: 90 * 24 * hour_ms, step: 'day' },
} as const

export type Span = keyof typeof spans

/** What is drawn over time. */
export type PlotName = 'requests' | 'sent' | 'times' | 'memory'

/** Asked again while it is looked at: edges report every ten seconds. */
export const trafficQuery = (project: string, span: Span, deployment?: string) =>
  queryOptions({
    queryKey: ['traffic', project, span, deployment],
    queryFn: () => {
      const { ms, step } = spans[span]
      const to = Date.now()
      const only = deployment ? `&deployment=${encodeURIComponent(deployment)}` : ''
      const query = `from=${to - ms}&to=${to}&step=${step}${only}`
      return call<Traffic>(`/projects/${encodeURIComponent(project)}/traffic?${query}`)
    },
    refetchInterval: 15_000,
  })

const nothing: Omit<TrafficPoint, 'begin_ms'> = {
  requests: 0,
  bytes: 0,
  success: 0,
  redirects: 0,
  client_errors: 0,
  server_errors: 0,
  memory: 0,
  miss: 0,
  file: 0,
  not_modified: 0,
  made: 0,
  proxied: 0,
  p50_us: null,
  p95_us: null,
  p99_us: null,
}

interface OverTime<Point> {
  from_ms: number
  to_ms: number
  step_ms: number
  points: Point[]
}

/** Every step of the span; the API leaves out those of which there is nothing. */
export const everyStep = <Point extends { begin_ms: number }, Empty>(
  { from_ms, to_ms, step_ms, points }: OverTime<Point>,
  empty: Empty,
): (Point | (Empty & { begin_ms: number }))[] => {
  const known = new Map(points.map((point) => [point.begin_ms, point]))
  const steps: (Point | (Empty & { begin_ms: number }))[] = []
  for (let begin_ms = from_ms; begin_ms < to_ms; begin_ms += step_ms)
    steps.push(known.get(begin_ms) ?? { ...empty, begin_ms })
  return steps
}

export const stepsOf = (traffic: Traffic): TrafficPoint[] => everyStep(traffic, nothing)

/** "850 µs", "1.2 ms", "3.4 s"; a dash when nothing was measured. */
export const microseconds = (us: number | null): string => {
  if (us === null) return '–'
  if (us < 1_000) return `${us} µs`
  const ms = us / 1_000
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  return `${(ms / 1_000).toFixed(1)} s`
}

/** "98.5 %" of what visitors asked for did not leave the edge's memory, or theirs. */
export const share = (part: number, all: number): string =>
  all === 0 ? '–' : `${((100 * part) / all).toFixed(part === all ? 0 : 1)} %`
