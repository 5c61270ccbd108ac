import type { LogHit } from '../src/api/types'
import { visibleText } from '../src/log/sgr'
import { levels, stepNames, streams } from '../src/log/store'
import type { ProjectRow } from './world'

/** The lines of a project's logs that a query asks for, the newest deployment first; null when the
 * expression is none. The cursor is how many were given already. */
export const logHits = (row: ProjectRow, query: URLSearchParams) => {
  const wanted = query.get('q') ?? ''
  let pattern: RegExp
  try {
    const escaped = wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    pattern = new RegExp(query.get('match') === 'regex' ? wanted : escaped, 'iu')
  } catch {
    return null
  }
  const least = Math.max(0, levels.indexOf(query.get('level') as 'error'))
  const step = query.get('step')
  const hits: LogHit[] = []
  let bytes = 0
  for (const { deployment, lines } of row.runs) {
    for (const [line, { head, text }] of lines.entries()) {
      bytes += text.length
      if (head.level < least || (step && stepNames[head.step] !== step)) continue
      if (!pattern.test(visibleText(text))) continue
      const { id, ref, environment, created_at_ms } = deployment
      hits.push({
        deployment: id,
        ref,
        environment,
        created_at_ms,
        line,
        at_ms: created_at_ms + head.delta_ms,
        stream: streams[head.stream]!,
        level: levels[head.level]!,
        step: stepNames[head.step]!,
        text,
      })
    }
  }
  const from = Number(query.get('cursor') ?? 0)
  const limit = Number(query.get('limit') ?? 50)
  const next = from + limit < hits.length ? String(from + limit) : null
  return { items: hits.slice(from, from + limit), next, bytes, deployments: row.runs.length }
}
