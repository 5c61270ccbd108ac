import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'

import {
  microseconds,
  type PlotName,
  type Span,
  share,
  spans,
  stepsOf,
  trafficQuery,
} from '../api/traffic'
import type { DeploymentTraffic, Ranked, TrafficTotals } from '../api/types'
import { bytes } from '../format'
import { ProblemNotice } from '../parts/Broken'
import { TrafficPlots } from '../parts/TrafficPlots'
import { pages } from '../paths'
import { Empty, Loading, Panel } from '../ui/Panel'

function Figures({ totals }: { totals: TrafficTotals }) {
  const kept = totals.memory + totals.not_modified
  const figures: [string, string, string?][] = [
    ['Requests', totals.requests.toLocaleString('en')],
    ['Sent', bytes(totals.bytes)],
    ['Half within', microseconds(totals.p50_us), 'Median time of an answer, at the edge'],
    ['95 % within', microseconds(totals.p95_us), '95th percentile of the time of an answer'],
    ['99 % within', microseconds(totals.p99_us), '99th percentile of the time of an answer'],
    ['From memory', share(kept, totals.requests), 'Kept by the edge or by the visitor (304)'],
    ['4xx', totals.client_errors.toLocaleString('en')],
    ['5xx', totals.server_errors.toLocaleString('en')],
  ]
  return (
    <dl className="mb-4 grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-4 lg:grid-cols-8">
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

/** Who asked for which deployment; each leads to its own figures. */
function Deployments({ project, items }: { project: string; items: DeploymentTraffic[] }) {
  return (
    <Panel title="By deployment" flush>
      <div className="overflow-x-auto">
        <table aria-label="By deployment" className="tabular w-full text-[13px]">
          <thead className="text-left text-muted">
            <tr>
              {['Deployment', 'Requests', 'Sent', '95 % within', '4xx', '5xx'].map((head) => (
                <th key={head} scope="col" className="px-4 py-1.5 font-normal">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line border-t border-line">
            {items.map((each) => (
              <tr key={each.deployment}>
                <td className="px-4 py-1.5 font-mono">
                  {each.deployment ? (
                    <Link
                      to={pages.traffic}
                      params={{ project }}
                      search={(search) => ({ ...search, deployment: each.deployment })}
                    >
                      {each.deployment.slice(-8)}
                    </Link>
                  ) : (
                    <span title="Hosts that led to no deployment, and what was counted before deployments were told apart">
                      none
                    </span>
                  )}
                </td>
                <td className="px-4 py-1.5">{each.requests.toLocaleString('en')}</td>
                <td className="px-4 py-1.5 whitespace-nowrap">{bytes(each.bytes)}</td>
                <td className="px-4 py-1.5 whitespace-nowrap">{microseconds(each.p95_us)}</td>
                <td className="px-4 py-1.5">{each.client_errors.toLocaleString('en')}</td>
                <td className="px-4 py-1.5">{each.server_errors.toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

function Only({ project, deployment }: { project: string; deployment: string }) {
  return (
    <p className="mb-3 flex flex-wrap gap-x-3 text-[13px] text-muted">
      <span>
        Of{' '}
        <Link to={pages.deployment} params={{ project, deployment }} className="font-mono">
          {deployment.slice(-8)}
        </Link>{' '}
        alone
      </span>
      <Link
        to={pages.traffic}
        params={{ project }}
        search={(search) => ({ ...search, deployment: undefined })}
      >
        Of all deployments
      </Link>
    </p>
  )
}

export default function TrafficPage() {
  const { project: name } = useParams({ strict: false }) as { project: string }
  const {
    span = '24h',
    plot = 'requests',
    deployment,
  } = useSearch({ strict: false }) as { span?: Span; plot?: PlotName; deployment?: string }
  const { data, error } = useQuery(trafficQuery(name, span, deployment))
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
            search={(search) => ({ ...search, span: key === '24h' ? undefined : key })}
            aria-current={key === span ? 'page' : undefined}
            replace
            data-on={key === span || undefined}
            className="flex h-7 items-center rounded-full border border-line px-3 text-[13px] text-muted no-underline hover:text-ink data-on:border-line-strong data-on:bg-raised data-on:font-medium data-on:text-ink"
          >
            {spans[key].label}
          </Link>
        ))}
      </nav>
      {deployment && <Only project={name} deployment={deployment} />}
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
            <TrafficPlots plot={plot} steps={stepsOf(data)} />
          </Panel>
          <div className="grid gap-4 md:grid-cols-2 lg:grid-cols-3">
            <Top title="Top paths" items={data.paths} none="Nothing was found." />
            <Top
              title="Top referrers"
              items={data.referrers}
              none="Nobody came from another site."
            />
            <Top title="Not found" items={data.missing} none="Everything was there." />
          </div>
          <Deployments project={name} items={data.deployments} />
        </div>
      )}
    </>
  )
}
