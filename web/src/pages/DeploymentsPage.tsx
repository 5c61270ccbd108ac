import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'

import { deploymentsQuery } from '../api/queries'
import { isEnd } from '../api/states'
import type { Deployment } from '../api/types'
import { ProblemNotice } from '../parts/Broken'
import { DeploymentList } from '../parts/DeploymentList'
import { useProject } from '../parts/useProject'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { Empty, Loading, Panel } from '../ui/Panel'

const BuildTimes = lazy(() => import('../parts/BuildTimes'))

const filters: [string | undefined, string, (deployment: Deployment) => boolean][] = [
  [undefined, 'All', () => true],
  ['production', 'Production', (each) => each.environment === 'production'],
  ['preview', 'Preview', (each) => each.environment === 'preview'],
  ['running', 'Running', (each) => !isEnd(each.state)],
  ['failed', 'Failed', (each) => each.state === 'failed'],
]

/** Asked for when it is looked at. */
function Times({ project }: { project: string }) {
  const [open, setOpen] = useState(false)
  return (
    <details
      onToggle={(event) => setOpen(event.currentTarget.open)}
      className="mt-4 rounded-xl border border-line bg-panel"
    >
      <summary className="cursor-pointer px-4 py-2.5 text-[14px] font-medium">
        How long builds take
      </summary>
      {open && (
        <Suspense fallback={<Loading />}>
          <BuildTimes project={project} />
        </Suspense>
      )}
    </details>
  )
}

export default function DeploymentsPage() {
  const { project: name } = useParams({ strict: false }) as { project: string }
  const { show } = useSearch({ strict: false }) as { show?: string }
  const { data: project } = useProject(name)
  const list = useInfiniteQuery({
    ...deploymentsQuery(name),
    refetchInterval: (query) =>
      query.state.data?.pages[0]?.items.some((each) => !isEnd(each.state)) ? 4_000 : false,
  })
  if (list.error) return <ProblemNotice error={list.error} />
  if (!project || !list.data) return <Loading />
  const fits = filters.find(([key]) => key === show)?.[2] ?? (() => true)
  const items = list.data.pages.flatMap((page) => page.items).filter(fits)

  return (
    <>
      <title>{`Deployments · ${name} · Berth`}</title>
      <h1 className="sr-only">Deployments of {name}</h1>
      <nav aria-label="Filter" className="mb-3 flex flex-wrap gap-1">
        {filters.map(([key, label]) => (
          <Link
            key={label}
            to={pages.deployments}
            params={{ project: name }}
            search={{ show: key }}
            activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }}
            replace
            data-on={show === key || undefined}
            className="flex h-7 items-center rounded-full border border-line px-3 text-[13px] text-muted no-underline hover:text-ink data-on:border-line-strong data-on:bg-raised data-on:font-medium data-on:text-ink"
          >
            {label}
          </Link>
        ))}
      </nav>
      <Panel flush>
        {items.length === 0 ? (
          <Empty icon="rocket" title={show ? 'None of this kind' : 'No deployment yet'}>
            {!show && 'Push to the production branch, or press Redeploy on the overview.'}
          </Empty>
        ) : (
          <DeploymentList project={project.data} deployments={items} />
        )}
      </Panel>
      {list.hasNextPage && (
        <div className="mt-4 text-center">
          <Button busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            Older
          </Button>
        </div>
      )}
      <Times project={name} />
    </>
  )
}
