import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'

import { microseconds, type Span, share, spans, stepsOf, trafficQuery } from '../api/traffic'
import type { Ranked, TrafficTotals } from '../api/types'
import { bytes } from '../format'
import { ProblemNotice } from '../parts/Broken'
import { TrafficChart } from '../parts/TrafficChart'
import { pages } from '../paths'
import { Empty, Loading, Panel } from '../ui/Panel'

function Figures({ totals }: { totals: TrafficTotals }) {
  const kept = totals.memory + totals.not_modified
  const figures: [string, string, string?][] = [
    ['Requests', totals.requests.toLocaleString('en')],
    ['Sent', bytes(totals.bytes)],
    ['Half within', microseconds(totals.p50_us), 'Median time of an answer, at the edge'],
    ['99 % within', microseconds(totals.p99_us), '99th percentile of the time of an answer'],
    ['From memory', share(kept, totals.requests), 'Kept by the edge or by the visitor (304)'],
    ['4xx', totals.client_errors.toLocaleString('en')],
    ['5xx', totals.server_errors.toLocaleString('en')],
  ]
  return (
    <dl className="mb-4 grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-4 lg:grid-cols-7">
      {figures.map(([name, value, title]) => (
        <div key={name} title={title}>
          <dt className="text-[13px] text-muted">{name}</dt>
          <dd className="tabular text-lg">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Top({ title, items, none }: { title: string; items: Ranked[]; none: string }) {
  return (
    <Panel title={title} flush>
      {items.length === 0 ? (
        <p className="p-4 text-muted">{none}</p>
      ) : (
        <ol aria-label={title} className="divide-y divide-line">
          {items.slice(0, 10).map(({ name, requests }) => (
            <li key={name} className="flex justify-between gap-4 px-4 py-1.5">
              <span className="truncate font-mono text-[13px]" title={name}>
                {name}
              </span>
              <span className="tabular text-muted">{requests.toLocaleString('en')}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  )
}

export default function TrafficPage() {
  const { project: name } = useParams({ strict: false }) as { project: string }
  const { span = '24h' } = useSearch({ strict: false }) as { span?: Span }
  const { data, error } = useQuery(trafficQuery(name, span))
  return (
    <>
      <title>{`Traffic · ${name} · Berth`}</title>
      <h1 className="sr-only">Traffic of {name}</h1>
      <nav aria-label="Span" className="mb-3 flex flex-wrap gap-1">
        {(Object.keys(spans) as Span[]).map((key) => (
          <Link
            key={key}
            to={pages.traffic}
            params={{ project: name }}
            search={{ span: key === '24h' ? undefined : key }}
            aria-current={key === span ? 'page' : undefined}
            replace
            data-on={key === span || undefined}
            className="flex h-7 items-center rounded-full border border-line px-3 text-[13px] text-muted no-underline hover:text-ink data-on:border-line-strong data-on:bg-raised data-on:font-medium data-on:text-ink"
          >
            {spans[key].label}
          </Link>
        ))}
      </nav>
      {error ? (
        <ProblemNotice error={error} />
      ) : !data ? (
        <Loading />
      ) : data.totals.requests === 0 ? (
        <Panel>
          <Empty icon="eye" title="No visitors in this time">
            Edges count what they serve and tell it here within seconds.
          </Empty>
        </Panel>
      ) : (
        <div className="space-y-4">
          <Panel>
            <Figures totals={data.totals} />
            <TrafficChart steps={stepsOf(data)} />
          </Panel>
          <div className="grid gap-4 md:grid-cols-2">
            <Top title="Top paths" items={data.paths} none="Nothing was found." />
            <Top
              title="Top referrers"
              items={data.referrers}
              none="Nobody came from another site."
            />
          </div>
        </div>
      )}
    </>
  )
}
