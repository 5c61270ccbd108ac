import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, lazyRouteComponent, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Suspense, useState } from 'react'

import { cancel, redeploy, refreshProject } from '../api/actions'
import type { Problem } from '../api/client'
import { deploymentQuery, filesQuery } from '../api/queries'
import { rulesQuery } from '../api/rules'
import { isEnd, titleOf } from '../api/states'
import type { Deployment, Project } from '../api/types'
import { bare, bytes, counted, exact } from '../format'
import { ProblemNotice } from '../parts/Broken'
import { CommitLine } from '../parts/Commit'
import { Diff } from '../parts/Diff'
import { Failure } from '../parts/Failure'
import { useKeys } from '../parts/keys'
import { LogViewer } from '../parts/LogViewer'
import { Pipeline } from '../parts/Pipeline'
import { Queued } from '../parts/Queued'
import { RollBack } from '../parts/RollBack'
import { may } from '../parts/role'
import { Chip, StateBadge } from '../parts/StateBadge'
import { useProject } from '../parts/useProject'
import { pages } from '../paths'
import type { DeploymentTab } from '../routes'
import { Button, buttonClass } from '../ui/Button'
import { CopyButton } from '../ui/Copy'
import { Icon } from '../ui/Icon'
import { Menu } from '../ui/Menu'
import { Notice } from '../ui/Notice'
import { Empty, Loading, Panel } from '../ui/Panel'
import { Ago, Took } from '../ui/Time'
import { toast } from '../ui/Toast'

const ChecksTab = lazyRouteComponent(() => import('../parts/Checks'), 'ChecksTab')
const RulesTab = lazyRouteComponent(() => import('../parts/Rules'), 'RulesTab')

const useDeployment = (id: string) =>
  useQuery({
    ...deploymentQuery(id),
    // Events are the quick way; asking now and then covers a dead connection.
    refetchInterval: (query) => (query.state.data && isEnd(query.state.data.state) ? false : 2_500),
  })

export default function DeploymentPage() {
  const params = useParams({ strict: false }) as { project: string; deployment: string }
  const { tab } = useSearch({ strict: false }) as { tab?: DeploymentTab }
  const { data: deployment, error } = useDeployment(params.deployment)
  const { data: project } = useProject(params.project)
  if (!deployment) return error ? <ProblemNotice error={error} /> : <Loading />
  const live = project?.data.production?.deployment === deployment.id
  return (
    <div className="flex flex-col gap-4">
      <title>{`${deployment.state} · ${deployment.project_name} · Berth`}</title>
      <Head deployment={deployment} project={project?.data} live={live} />
      <Pipeline deployment={deployment} />
      {deployment.state === 'failed' && <Failure deployment={deployment} />}
      {deployment.reused_deployment && deployment.state === 'ready' && (
        <Notice icon="info" title="Nothing had to be built">
          The same source, plan and variables were built before; this deployment serves{' '}
          <Link
            to={pages.deployment}
            params={{ project: deployment.project_name, deployment: deployment.reused_deployment }}
            className="link"
          >
            those files
          </Link>
          .
        </Notice>
      )}
      {deployment.state === 'queued' && <Queued deployment={deployment} />}
      {deployment.state !== 'failed' &&
        deployment.detail &&
        isEnd(deployment.state) &&
        deployment.state !== 'ready' && <Notice icon="info">{deployment.detail}</Notice>}
      {deployment.state === 'ready' &&
        project?.data.production?.rolled_back &&
        !live &&
        deployment.environment === 'production' && (
          <Notice tone="warn" title="Built, but not live">
            Production was rolled back, so new deployments wait until you promote one.
          </Notice>
        )}
      {deployment.waits_for_checks && (
        <Notice icon="clock" title="Built, waiting for checks">
          It goes live when the checks of its commit at the Git host have passed.
        </Notice>
      )}
      {deployment.expired_at_ms && (
        <Notice tone="warn" title="This preview expired">
          Nothing was deployed of <code className="font-mono">{deployment.ref}</code> for as long as
          previews stay here, so its addresses were taken down. Redeploy brings it back.
        </Notice>
      )}
      {deployment.checks_failed > 0 && !live && (
        <Notice
          tone="bad"
          title="Built, but not live"
          actions={
            tab !== 'checks' && (
              <Link
                to={pages.deployment}
                params={{ project: deployment.project_name, deployment: deployment.id }}
                search={{ tab: 'checks' }}
                className="link leading-7 font-medium"
              >
                See the checks
              </Link>
            )
          }
        >
          {deployment.checks_failed} of {counted(deployment.checks, 'check')} failed. Its own
          address works; production serves what it served before.
        </Notice>
      )}
      <Tabs deployment={deployment} />
      {tab === 'files' ? (
        <>
          <Files deployment={deployment} />
          <div className="min-w-0">
            <Diff deployment={deployment} />
          </div>
        </>
      ) : tab === 'rules' ? (
        <Suspense fallback={<Loading />}>
          <RulesTab key={deployment.id} deployment={deployment} />
        </Suspense>
      ) : tab === 'checks' ? (
        <Suspense fallback={<Loading />}>
          <ChecksTab deployment={deployment} />
        </Suspense>
      ) : tab === 'details' ? (
        <Details deployment={deployment} />
      ) : (
        <LogViewer
          key={deployment.id}
          deployment={deployment}
          className="h-[max(24rem,calc(100dvh-22rem))]"
        />
      )}
    </div>
  )
}

function Head({
  deployment,
  project,
  live,
}: {
  deployment: Deployment
  project?: Project
  live: boolean
}) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [promoting, setPromoting] = useState(false)
  const running = !isEnd(deployment.state)
  const failed = (error: Problem) => toast(error.message, { bad: true })
  const again = useMutation({
    mutationFn: (how: { use_caches?: boolean }) => redeploy(deployment.id, how),
    onSuccess: (next) => {
      void refreshProject(client)
      return navigate({
        to: pages.deployment,
        params: { project: deployment.project_name, deployment: next.id },
      })
    },
    onError: failed,
  })
  const stop = useMutation({
    mutationFn: () => cancel(deployment.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['deployment', deployment.id] }),
    onError: failed,
  })
  useKeys({ r: () => !running && again.mutate({}) })

  return (
    <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <StateBadge state={deployment.state} reason={deployment.reason} />
          {live ? <Chip tone="ok">Production</Chip> : <Chip>{deployment.environment}</Chip>}
          <span className="tabular text-muted">
            <Took begin_ms={deployment.created_at_ms} end_ms={deployment.finished_at_ms} />
          </span>
        </div>
        <h1 className="mt-1 line-clamp-2 text-lg break-words">{titleOf(deployment)}</h1>
        <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-0.5 text-[13px] text-muted">
          <CommitLine deployment={deployment} repo_url={project?.repo_url} />
          {deployment.author && <span>{deployment.author}</span>}
          <Ago at_ms={deployment.created_at_ms} />
        </div>
      </div>
      <div className="flex flex-wrap gap-2">
        {running && may(project, 'developer') && (
          <Button
            icon="stop"
            busy={stop.isPending || deployment.stop !== null}
            onClick={() => stop.mutate()}
          >
            {deployment.stop === null ? 'Cancel' : 'Canceling…'}
          </Button>
        )}
        {!running && may(project, 'developer') && (
          <>
            <Button icon="redo" busy={again.isPending} onClick={() => again.mutate({})}>
              Redeploy
            </Button>
            <Menu
              label="More ways to redeploy"
              trigger={<Icon name="dots" />}
              items={[
                {
                  label: 'Redeploy without cache',
                  icon: 'redo',
                  onSelect: () => again.mutate({ use_caches: false }),
                },
              ]}
            />
          </>
        )}
        {deployment.state === 'ready' && !live && project && may(project, 'developer') && (
          <Button icon="rocket" onClick={() => setPromoting(true)}>
            Promote
          </Button>
        )}
        {deployment.state === 'ready' && (
          <a
            href={(live && deployment.production_url) || deployment.url}
            target="_blank"
            rel="noreferrer"
            className={buttonClass({ kind: 'primary' })}
            data-testid="visit"
          >
            <Icon name="external" /> Visit
          </a>
        )}
      </div>
      {promoting && project && (
        <RollBack project={project} target={deployment} onClose={() => setPromoting(false)} />
      )}
    </header>
  )
}

function Tabs({ deployment }: { deployment: Deployment }) {
  const files = deployment.files ? ` (${deployment.files.toLocaleString('en')})` : ''
  const ready = deployment.state === 'ready'
  const { data: rules } = useQuery({ ...rulesQuery(deployment.id), enabled: ready })
  const problems = rules?.problems.length ? ` (${counted(rules.problems.length, 'problem')})` : ''
  const all: [DeploymentTab | undefined, string][] = [
    [undefined, 'Log'],
    ['files', `Files${files}`],
    ['details', 'Details'],
  ]
  if (deployment.checks > 0) {
    const failed = deployment.checks_failed ? ` (${deployment.checks_failed} failed)` : ''
    all.splice(2, 0, ['checks', `Checks${failed}`])
  }
  // A line that does nothing is seen by nobody, unless it is said where people are.
  if (ready && rules !== null) all.splice(2, 0, ['rules', `Rules${problems}`])
  return (
    <nav aria-label="Deployment" className="-mb-1 flex flex-wrap gap-1">
      {all.map(([key, label]) => (
        <Link
          key={label}
          to={pages.deployment}
          params={{ project: deployment.project_name, deployment: deployment.id }}
          search={key ? { tab: key } : {}}
          activeOptions={{ exact: true, includeSearch: true }}
          replace
          className="flex h-8 items-center rounded-md px-2.5 text-muted no-underline hover:text-ink aria-[current=page]:bg-raised aria-[current=page]:font-medium aria-[current=page]:text-ink"
        >
          {label}
        </Link>
      ))}
    </nav>
  )
}

function Files({ deployment }: { deployment: Deployment }) {
  const files = useQuery({ ...filesQuery(deployment.id), enabled: deployment.state === 'ready' })
  const [filter, setFilter] = useState('')
  if (deployment.state !== 'ready')
    return (
      <Panel>
        <Empty icon="file" title="No files yet">
          They are listed once the deployment is ready.
        </Empty>
      </Panel>
    )
  if (files.error) return <ProblemNotice error={files.error} />
  if (!files.data) return <Loading />
  const shown = files.data.items.filter((file) =>
    file.path.toLowerCase().includes(filter.toLowerCase()),
  )
  return (
    <Panel
      flush
      title={`${files.data.items.length.toLocaleString('en')} files${deployment.bytes ? `, ${bytes(deployment.bytes)}` : ''}`}
      actions={
        <input
          type="search"
          aria-label="Filter files"
          placeholder="Filter"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          className="h-7 w-36 rounded-md border border-control bg-panel px-2"
        />
      }
    >
      <ul className="divide-y divide-line">
        {shown.slice(0, 500).map((file) => (
          <li key={file.path} className="flex flex-wrap items-baseline gap-x-4 px-4 py-1.5">
            <a
              href={`${deployment.url.replace(/\/$/, '')}/${file.path.replace(/^\//, '').split('/').map(encodeURIComponent).join('/')}`}
              target="_blank"
              rel="noreferrer"
              className="link min-w-0 grow leading-[24px] font-mono text-[12.5px] break-all"
            >
              {file.path}
            </a>
            <span className="text-[12.5px] text-muted">{file.type.split(';')[0]}</span>
            <span className="tabular w-18 text-right text-[12.5px]">{bytes(file.bytes)}</span>
          </li>
        ))}
      </ul>
      {shown.length > 500 && (
        <p className="border-t border-line px-4 py-2 text-muted">
          The first 500 of {shown.length.toLocaleString('en')}; filter for more.
        </p>
      )}
    </Panel>
  )
}

function Details({ deployment }: { deployment: Deployment }) {
  const { plan } = deployment
  const rows: [string, React.ReactNode, string?][] = [
    [
      'Deployment',
      <code key="id" className="font-mono text-[12.5px] break-all">
        {deployment.id}
      </code>,
    ],
    [
      'Address',
      <a key="url" className="link break-all" href={deployment.url}>
        {bare(deployment.url)}
      </a>,
    ],
    ['Started by', [deployment.trigger, deployment.actor].filter(Boolean).join(', ') || '–'],
    ['Made', exact(deployment.created_at_ms)],
    ['Finished', deployment.finished_at_ms ? exact(deployment.finished_at_ms) : '–'],
  ]
  if (plan)
    rows.push(
      ['Framework', plan.framework.value, plan.framework.reason],
      ['Package manager', plan.package_manager.value, plan.package_manager.reason],
      ['Node.js', plan.node.value, plan.node.reason],
      ['Install command', plan.install_command.value || 'none', plan.install_command.reason],
      ['Build command', plan.build_command.value || 'none', plan.build_command.reason],
      ['Output directory', plan.output_dir.value, plan.output_dir.reason],
      [
        'Single-page app',
        plan.spa ? 'yes' : 'no',
        plan.spa ? 'Unknown pages answer with index.html.' : undefined,
      ],
    )
  if (plan?.workspace) rows.push(['Workspace', plan.workspace.value, plan.workspace.reason])
  if (plan?.ignore_command)
    rows.push(['Ignore command', plan.ignore_command.value, plan.ignore_command.reason])
  return (
    <Panel flush title="Details" actions={<CopyButton text={deployment.id} label="Copy id" />}>
      <dl className="divide-y divide-line">
        {rows.map(([name, value, reason]) => (
          <div key={name} className="grid gap-x-4 px-4 py-2 sm:grid-cols-[180px_1fr]">
            <dt className="text-muted">{name}</dt>
            <dd className="min-w-0 break-words">
              {value}
              {reason && <span className="block text-[12.5px] text-muted">{reason}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}
