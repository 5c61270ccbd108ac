import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'

import { Problem } from '../api/client'
import { type LogWish, levels, logSearchQuery, plainText, steps } from '../api/logs'
import type { LogHit } from '../api/types'
import { bytes, counted } from '../format'
import { ProblemNotice } from '../parts/Broken'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { cx } from '../ui/classes'
import { SelectField, Switch, TextField } from '../ui/Field'
import { Empty, Loading, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'

/** Hits beside each other that are of one deployment. */
const grouped = (hits: LogHit[]): LogHit[][] => {
  const groups: LogHit[][] = []
  for (const hit of hits) {
    const last = groups.at(-1)
    if (last?.some((each) => each.deployment === hit.deployment)) last.push(hit)
    else groups.push([hit])
  }
  return groups
}

const toneOf = { info: 'text-ink', warning: 'text-warn', error: 'text-bad' }

function Hits({ project, hits }: { project: string; hits: LogHit[] }) {
  const [first] = hits as [LogHit]
  return (
    <Panel flush className="mt-4">
      <h2 className="flex flex-wrap gap-x-2 border-b border-line px-4 py-2 text-[13px] font-normal text-muted">
        <Link
          to={pages.deployment}
          params={{ project, deployment: first.deployment }}
          className="link font-medium"
        >
          {first.ref}
        </Link>
        <span>{first.environment}</span>
        <Ago at_ms={first.created_at_ms} />
      </h2>
      <ol className="divide-y divide-line font-mono text-[12.5px]">
        {hits.map((hit) => (
          <li key={hit.line}>
            <Link
              to={pages.deployment}
              params={{ project, deployment: hit.deployment }}
              hash={`L${hit.line + 1}`}
              className="flex gap-3 px-4 py-1 no-underline hover:bg-raised"
            >
              <span className="tabular w-14 shrink-0 text-right text-muted">{hit.line + 1}</span>
              <span className="w-16 shrink-0 text-muted">{hit.step}</span>
              <span className={cx('min-w-0 break-words', toneOf[hit.level])}>
                {plainText(hit.text)}
              </span>
            </Link>
          </li>
        ))}
      </ol>
    </Panel>
  )
}

/** Looks through the logs of all deployments; what is looked for stands in the address. */
export default function LogsPage() {
  const { project } = useParams({ strict: false }) as { project: string }
  const wish = useSearch({ strict: false }) as LogWish
  const navigate = useNavigate()
  const [text, setText] = useState(wish.q ?? '')
  const list = useInfiniteQuery(logSearchQuery(project, wish))

  const look = (change: LogWish) =>
    navigate({
      to: pages.logs,
      params: { project },
      search: { ...wish, q: text || undefined, ...change },
      replace: true,
    })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void look({})
  }

  const wrong = list.error instanceof Problem ? list.error.field('/q') : undefined
  const answers = list.data?.pages ?? []
  const hits = answers.flatMap((page) => page.items)
  const looked = answers.reduce((sum, page) => sum + page.bytes, 0)
  const asks = Boolean(wish.q || wish.level || wish.step)

  return (
    <>
      <title>{`Logs · ${project} · Berth`}</title>
      <h1 className="sr-only">Logs of {project}</h1>
      <form role="search" onSubmit={submit} className="flex flex-wrap items-end gap-3">
        <TextField
          label="Search the logs of all deployments"
          type="search"
          className="min-w-56 grow"
          mono
          maxLength={500}
          value={text}
          error={wrong}
          onChange={(event) => setText(event.target.value)}
        />
        <SelectField
          label="Level"
          value={wish.level ?? ''}
          onChange={({ target }) => look({ level: levels.find((level) => level === target.value) })}
        >
          <option value="">All</option>
          <option value="warning">Warnings and errors</option>
          <option value="error">Errors</option>
        </SelectField>
        <SelectField
          label="Step"
          value={wish.step ?? ''}
          onChange={({ target }) => look({ step: steps.find((step) => step === target.value) })}
        >
          <option value="">All</option>
          {steps.map((step) => (
            <option key={step}>{step}</option>
          ))}
        </SelectField>
        <Button kind="primary" type="submit" busy={list.isFetching && !list.isFetchingNextPage}>
          Search
        </Button>
      </form>
      <div className="mt-3">
        <Switch
          label="Regular expression"
          hint="In RE2’s syntax"
          checked={wish.regex === true}
          onChange={(on) => look({ regex: on || undefined })}
        />
      </div>
      {list.error && !wrong && (
        <div className="mt-4">
          <ProblemNotice error={list.error} />
        </div>
      )}
      {asks && list.isLoading && <Loading />}
      {!asks && (
        <Empty icon="search" title="Nothing is looked for yet">
          A text, an expression, a level or a step. The newest deployment comes first.
        </Empty>
      )}
      {asks && list.data && (
        <p role="status" className="mt-4 text-[13px] text-muted">
          {counted(hits.length, 'line')} in {bytes(looked)} of logs
          {list.hasNextPage ? ' so far' : ''}
        </p>
      )}
      {asks &&
        grouped(hits).map((group) => (
          <Hits key={`${group[0]!.deployment}/${group[0]!.line}`} project={project} hits={group} />
        ))}
      {asks && list.hasNextPage && (
        <div className="mt-4 text-center">
          <Button busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            Look further
          </Button>
        </div>
      )}
    </>
  )
}
