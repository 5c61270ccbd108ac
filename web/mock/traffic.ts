import type { Project, Traffic, TrafficPoint, TrafficTotals } from '../src/api/types'

const steps = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

/** The same for the same step, so that pages look alike each time. */
const visitsAt = (begin_ms: number, step_ms: number) => {
  const wave = 1 + Math.sin((begin_ms / 86_400_000) * 2 * Math.PI)
  return Math.round((wave * 40 + ((begin_ms / step_ms) % 7)) * (step_ms / 600_000))
}

const countsOf = (requests: number): TrafficTotals => {
  const server_errors = Math.floor(requests / 400)
  const client_errors = Math.floor(requests / 25)
  const redirects = Math.floor(requests / 5)
  const made = client_errors + server_errors
  const miss = Math.min(requests - made - redirects, 3)
  return {
    requests,
    bytes: requests * 14_200,
    success: requests - server_errors - client_errors - redirects,
    redirects,
    client_errors,
    server_errors,
    memory: requests - made - redirects - miss,
    miss,
    file: 0,
    not_modified: redirects,
    made,
    proxied: 0,
    p50_us: requests === 0 ? null : 88,
    p95_us: requests === 0 ? null : 704,
    p99_us: requests === 0 ? null : 1_408,
  }
}

/** harbour-site has visitors, the others have none. */
export const trafficOf = (project: Project, query: URLSearchParams): Traffic => {
  const to = Number(query.get('to') ?? Date.now())
  const from = Number(query.get('from') ?? to - steps.day)
  const step_ms = steps[(query.get('step') ?? 'hour') as keyof typeof steps]
  const from_ms = from - (from % step_ms)
  const to_ms = Math.ceil(to / step_ms) * step_ms
  const points: TrafficPoint[] = []
  for (
    let begin_ms = from_ms;
    begin_ms < to_ms && project.name === 'harbour-site';
    begin_ms += step_ms
  )
    points.push({ ...countsOf(visitsAt(begin_ms, step_ms)), begin_ms })
  const all = points.reduce((sum, point) => sum + point.requests, 0)
  const ranked = (name: string, part: number) => ({
    name,
    requests: Math.floor(all / part),
    error: 0,
  })
  const none = all === 0
  return {
    from_ms,
    to_ms,
    step_ms,
    totals: countsOf(all),
    points,
    paths: none
      ? []
      : [ranked('/', 3), ranked('/tides/', 7), ranked('/assets/index-BsK3x9ab.js', 9)],
    referrers: none ? [] : [ranked('news.example', 20), ranked('harbour.example', 50)],
    missing: none ? [] : [ranked('/wp-login.php', 40), ranked('/old/tides.html', 90)],
    deployments: none
      ? []
      : [
          { ...countsOf(all), deployment: project.production?.deployment ?? '' },
          { ...countsOf(Math.floor(all / 30)), deployment: 'dpl_01hqz3v9k2m4n6p8r0s2t4v6w8' },
        ],
  }
}
