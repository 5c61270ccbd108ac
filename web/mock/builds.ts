import type { BuildPoint, BuildTimes, BuildTotals, Project } from '../src/api/types'

const day_ms = 86_400_000

const totalsOf = (builds: number, took_ms: number): BuildTotals => ({
  builds,
  failed: Math.floor(builds / 9),
  reused: Math.floor(builds / 5),
  worked_ms: builds * took_ms,
  p50_ms: builds === 0 ? null : took_ms,
  p95_ms: builds === 0 ? null : Math.round(took_ms * 1.6),
})

/** harbour-site builds on most days, the others never did. */
export const buildsOf = (project: Project): BuildTimes => {
  const to_ms = Math.ceil(Date.now() / day_ms) * day_ms
  const from_ms = to_ms - 30 * day_ms
  const points: BuildPoint[] = []
  for (
    let begin_ms = from_ms;
    begin_ms < to_ms && project.name === 'harbour-site';
    begin_ms += day_ms
  ) {
    const number = begin_ms / day_ms
    if (number % 7 < 5)
      points.push({ ...totalsOf(3 + (number % 4), 9_000 + (number % 11) * 700), begin_ms })
  }
  const builds = points.reduce((sum, point) => sum + point.builds, 0)
  return {
    from_ms,
    to_ms,
    step_ms: day_ms,
    totals: totalsOf(builds, 11_000),
    points,
    cut: false,
  }
}
