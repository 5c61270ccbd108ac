import type { AuditRow } from '../src/api/types'
import type { Handler } from './api'

const pageSize = 50
const actions = ['signed_in', 'project_changed', 'token_created', 'production_promoted']

/** Made up, always the same: 120 rows, newest first. */
const rows: AuditRow[] = Array.from({ length: 120 }, (_, i) => {
  const number = 120 - i
  return {
    id: number,
    at_ms: 1_796_000_000_000 - i * 3_600_000,
    actor: number % 3 === 0 ? 'bob@example.org' : 'ada@example.org',
    address: '192.0.2.17',
    token: '',
    action: actions[number % actions.length]!,
    target: 'prj_1',
    project: 'prj_1',
    team: 'tea_1',
    detail: '',
    previous_hash: number === 1 ? '' : `hash-${number - 1}`,
    hash: `hash-${number}`,
  }
})

const found: Handler = ({ query }) => {
  const wanted = (name: string) => query.get(name) ?? ''
  const before = Number(wanted('cursor')) || Number.POSITIVE_INFINITY
  const all = rows.filter(
    (row) =>
      row.id < before &&
      (!wanted('actor') || row.actor === wanted('actor')) &&
      (!wanted('action') || row.action === wanted('action')),
  )
  const items = all.slice(0, pageSize)
  return { body: { items, next: all.length > pageSize ? String(items.at(-1)!.id) : null } }
}

export const auditHandlers: Record<string, Handler> = {
  'GET audit': found,
  'GET teams/*/audit': found,
  'GET audit/verification': () => ({
    body: {
      intact: true,
      rows: 120,
      first_id: 1,
      last_id: 120,
      last_hash: 'hash-120',
      at: null,
      fault: '',
    },
  }),
}
