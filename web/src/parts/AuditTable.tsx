import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { type AuditSearch, auditPath, auditQuery } from '../api/queries'
import type { AuditRow } from '../api/types'
import { Button } from '../ui/Button'
import { SelectField, TextField } from '../ui/Field'
import { Icon } from '../ui/Icon'
import { Empty, Loading, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { ProblemNotice } from './Broken'

const hour = 3_600_000
const spans = [
  { label: 'Any time', ms: 0 },
  { label: 'Last day', ms: 24 * hour },
  { label: 'Last week', ms: 7 * 24 * hour },
  { label: 'Last 30 days', ms: 30 * 24 * hour },
]

/** "token_created" → "token created". */
export const wordsOf = (action: string) => action.replaceAll('_', ' ')

/** Search, pages and files of the audit log: a team's rows, or all of them. */
export function AuditTable({ team }: { team?: string }) {
  const [search, setSearch] = useState<AuditSearch>({})
  const rows = useInfiniteQuery(auditQuery(team, search))
  const items = rows.data?.pages.flatMap((page) => page.items)
  return (
    <div className="space-y-4">
      <form
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          const data = new FormData(event.currentTarget)
          const text = (name: string) => String(data.get(name)).trim()
          const span = Number(data.get('span'))
          setSearch({
            actor: text('actor'),
            action: text('action').replaceAll(' ', '_'),
            project: text('project'),
            since_ms: span > 0 ? Date.now() - span : 0,
          })
        }}
      >
        <TextField label="Who" name="actor" placeholder="ada@example.org" className="w-48" />
        <TextField label="What" name="action" placeholder="token created" className="w-40" />
        <TextField label="Project" name="project" className="w-36" />
        <SelectField label="When" name="span" className="w-36">
          {spans.map(({ label, ms }) => (
            <option key={ms} value={ms}>
              {label}
            </option>
          ))}
        </SelectField>
        <Button type="submit" icon="search">
          Search
        </Button>
        <span className="grow" />
        {(['csv', 'ndjson'] as const).map((format) => (
          <a
            key={format}
            className="inline-flex h-9 items-center gap-1.5"
            href={`/api/v1${auditPath(team, search, `/export?format=${format}`)}`}
            download
          >
            <Icon name="download" className="size-4" /> {format.toUpperCase()}
          </a>
        ))}
      </form>
      {rows.error && <ProblemNotice error={rows.error} />}
      <Panel flush>
        {!items ? (
          !rows.error && <Loading />
        ) : items.length === 0 ? (
          <Empty icon="list" title="Nothing found" />
        ) : (
          <ul className="divide-y divide-line">
            {items.map((row) => (
              <Row key={row.id} row={row} />
            ))}
          </ul>
        )}
      </Panel>
      {rows.hasNextPage && (
        <Button busy={rows.isFetchingNextPage} onClick={() => rows.fetchNextPage()}>
          Older
        </Button>
      )}
    </div>
  )
}

function Row({ row }: { row: AuditRow }) {
  return (
    <li className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-2.5">
      <span className="w-28 shrink-0 text-[12.5px] text-muted">
        <Ago at_ms={row.at_ms} />
      </span>
      <span className="w-48 shrink-0 break-all">{row.actor || 'Berth'}</span>
      <span className="font-medium">{wordsOf(row.action)}</span>
      <span className="min-w-0 grow break-all text-muted">{row.detail}</span>
      <span className="font-mono text-[12px] break-all text-muted">
        {[row.target, row.address, row.token].filter(Boolean).join(' · ')}
      </span>
    </li>
  )
}
