import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'

import { call } from '../api/client'
import { ProblemNotice } from '../parts/Broken'
import { pages } from '../paths'
import {
  commandOf,
  type Description,
  found,
  membersOf,
  type Operation,
  operationsOf,
  policyWords,
  type Schema,
  typeOf,
} from '../reference'
import { buttonClass } from '../ui/Button'
import { CopyButton } from '../ui/Copy'
import { cx } from '../ui/classes'
import { TextField } from '../ui/Field'
import { Empty, Loading, PageHead } from '../ui/Panel'

type Schemas = Record<string, Schema>

const cell = 'px-3 py-1.5 text-left align-top'

function Members({ schema, schemas }: { schema?: Schema; schemas: Schemas }) {
  const members = membersOf(schema, schemas)
  if (members.length === 0) return null
  return (
    <ul className="mt-2 divide-y divide-line rounded-lg border border-line">
      {members.map((member, at) => (
        <li
          // biome-ignore lint/suspicious/noArrayIndexKey: two members may have one name and place
          key={at}
          className="flex flex-wrap gap-x-3 py-1 pr-3"
          style={{ paddingLeft: 12 + member.depth * 16 }}
        >
          <code className="font-mono text-[12.5px]">{member.name}</code>
          <span className="text-[12.5px] break-all text-muted">
            {member.type}
            {member.required ? '' : ', optional'}
          </span>
          {member.note && <span className="basis-full text-[13px]">{member.note}</span>}
        </li>
      ))}
    </ul>
  )
}

function Details({ operation, schemas }: { operation: Operation; schemas: Schemas }) {
  const { parameters, body, answers, policy } = operation
  const command = commandOf(operation)
  return (
    <div className="space-y-4 border-t border-line px-4 py-3">
      <p className="text-[13px] text-muted">Who may: {policyWords[policy] ?? policy}</p>
      <div className="flex items-center gap-2">
        <code className="min-w-0 grow rounded-lg bg-raised px-3 py-1.5 font-mono text-[12.5px] break-all">
          {command}
        </code>
        <CopyButton text={command} label="Copy command" />
      </div>
      {parameters.length > 0 && (
        <div className="overflow-x-auto">
          <table className="w-full text-[13px]">
            <caption className="pb-1 text-left font-medium">Parameters</caption>
            <tbody className="divide-y divide-line">
              {parameters.map((each) => (
                <tr key={each.name}>
                  <th scope="row" className={cx(cell, 'font-mono font-normal')}>
                    {each.name}
                  </th>
                  <td className={cx(cell, 'text-muted')}>{each.in}</td>
                  <td className={cx(cell, 'text-muted')}>{typeOf(each.schema)}</td>
                  <td className={cell}>{each.schema.description ?? each.description}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {body.map(({ type, schema }) => (
        <div key={type}>
          <h3 className="text-[13px]">
            Body <span className="font-normal text-muted">{type}</span>
          </h3>
          <Members schema={schema} schemas={schemas} />
        </div>
      ))}
      {answers.map(({ status, type, schema, description }) => (
        <div key={`${status} ${type}`}>
          <h3 className="text-[13px]">
            {status}{' '}
            <span className="font-normal text-muted">
              {type ? `${type} · ${typeOf(schema)}` : description}
            </span>
          </h3>
          <Members schema={schema} schemas={schemas} />
        </div>
      ))}
    </div>
  )
}

function Entry({ operation, schemas }: { operation: Operation; schemas: Schemas }) {
  const [open, setOpen] = useState(() => location.hash === `#${operation.id}`)
  return (
    <li id={operation.id}>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="flex min-h-10 cursor-pointer flex-wrap items-baseline gap-x-3 px-4 py-2 hover:bg-raised">
          <span className="w-14 font-mono text-[12.5px] font-medium">{operation.method}</span>
          <code className="font-mono text-[12.5px] break-all">{operation.path}</code>
          <span className="basis-full text-[13px] text-muted sm:basis-auto">
            {operation.summary}
          </span>
        </summary>
        {open && <Details operation={operation} schemas={schemas} />}
      </details>
    </li>
  )
}

/** The HTTP API out of its own description, which every Berth serves: nothing comes from elsewhere. */
export default function ReferencePage() {
  const { q = '' } = useSearch({ strict: false }) as { q?: string }
  const navigate = useNavigate()
  const { data, error } = useQuery({
    queryKey: ['openapi'],
    queryFn: () => call<Description>('/openapi.json'),
    staleTime: Number.POSITIVE_INFINITY,
    select: (api) => ({ operations: operationsOf(api), schemas: api.components.schemas }),
  })
  if (error) return <ProblemNotice error={error} />
  const shown = found(data?.operations ?? [], q)
  const tags = [...new Set(shown.map(({ tag }) => tag))]
  return (
    <div className="max-w-4xl">
      <title>API · Berth</title>
      <PageHead
        title="API"
        below="Everything that this dashboard and the command line do."
        actions={
          <>
            <a className={buttonClass()} href="/docs/api">
              Problems
            </a>
            <a className={buttonClass()} href="/api/v1/openapi.json">
              OpenAPI 3.1
            </a>
          </>
        }
      />
      <TextField
        label="Search in the API"
        type="search"
        value={q}
        onChange={({ target }) =>
          navigate({ to: pages.reference, search: { q: target.value || undefined }, replace: true })
        }
      />
      {!data && <Loading />}
      {data && shown.length === 0 && <Empty icon="search" title="Nothing has these words" />}
      <p role="status" className="sr-only">
        {data ? `${shown.length} operations` : ''}
      </p>
      {tags.map((tag) => (
        <section key={tag} aria-label={tag} className="mt-6">
          <h2 className="mb-2 text-[15px] first-letter:uppercase">{tag}</h2>
          <ul className="divide-y divide-line rounded-xl border border-line bg-panel">
            {shown
              .filter((each) => each.tag === tag)
              .map((each) => (
                <Entry key={each.id} operation={each} schemas={data!.schemas} />
              ))}
          </ul>
        </section>
      ))}
    </div>
  )
}
