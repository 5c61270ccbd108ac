import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'

import { deploy, redeploy, refreshProject } from '../api/actions'
import type { Problem } from '../api/client'
import { deploymentQuery, deploymentsQuery } from '../api/queries'
import { isEnd, titleOf } from '../api/states'
import type { Deployment, Project } from '../api/types'
import { bare, bytes, repoName } from '../format'
import { CommitLine } from '../parts/Commit'
import { DeploymentList } from '../parts/DeploymentList'
import { DropUpload } from '../parts/DropUpload'
import { Failure } from '../parts/Failure'
import { useKeys } from '../parts/keys'
import { Pipeline } from '../parts/Pipeline'
import { RollBack } from '../parts/RollBack'
import { may } from '../parts/role'
import { Chip, StateBadge } from '../parts/StateBadge'
import { useProject } from '../parts/useProject'
import { pages } from '../paths'
import { Button, buttonClass } from '../ui/Button'
import { Icon } from '../ui/Icon'
import { Notice } from '../ui/Notice'
import { Empty, Loading, Panel } from '../ui/Panel'
import { Ago, Took } from '../ui/Time'
import { toast } from '../ui/Toast'

export default function OverviewPage() {
  const { project: name } = useParams({ strict: false }) as { project: string }
  const { data } = useProject(name)
  const client = useQueryClient()
  const navigate = useNavigate()
  const [rolling, setRolling] = useState(false)
  const project = data?.data
  const start = useMutation({
    // Without a repository there is no newer commit: what was deployed last is deployed again.
    mutationFn: () =>
      project?.repo_url === '' && project.latest ? redeploy(project.latest.id) : deploy(name),
    onSuccess: (next) => {
      void refreshProject(client)
      return navigate({ to: pages.deployment, params: { project: name, deployment: next.id } })
    },
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  useKeys({ r: () => start.mutate(), R: () => project?.production && setRolling(true) })
  if (!project) return <Loading />
  const { latest } = project

  return (
    <div className="flex flex-col gap-5">
      <title>{`${project.name} · Berth`}</title>
      <Production
        project={project}
        deploying={start.isPending}
        onDeploy={() => start.mutate()}
        onRollBack={() => setRolling(true)}
      />
      {latest && !isEnd(latest.state) && <Running deployment={latest} project={project} />}
      {latest?.state === 'failed' && <Failure deployment={latest} compact />}
      <Recent project={project} />
      {may(project, 'developer') && <DropUpload project={project} />}
      {rolling && <RollBack project={project} onClose={() => setRolling(false)} />}
    </div>
  )
}

function Production({
  project,
  deploying,
  onDeploy,
  onRollBack,
}: {
  project: Project
  deploying: boolean
  onDeploy: () => void
  onRollBack: () => void
}) {
  const id = project.production?.deployment
  const { data: current } = useQuery({ ...deploymentQuery(id ?? ''), enabled: id !== undefined })
  return (
    <section
      aria-label="Production"
      className="overflow-hidden rounded-xl border border-line bg-panel"
      data-testid="production"
    >
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-4 p-4 md:p-5">
        <div className="min-w-0">
          <div className="mb-1 flex flex-wrap items-center gap-2">
            <h1 className="text-[13px] font-medium tracking-normal text-muted">Production</h1>
            {project.production?.rolled_back && <Chip tone="warn">Rolled back</Chip>}
          </div>
          {project.production ? (
            <a
              href={project.url}
              target="_blank"
              rel="noreferrer"
              className="inline-flex max-w-full items-center gap-1.5 text-lg font-semibold tracking-tight text-ink hover:underline"
            >
              <span className="break-all">{bare(project.url)}</span>
              <Icon name="external" className="size-4 text-muted" />
            </a>
          ) : (
            <p className="text-lg font-semibold tracking-tight text-muted">Not live yet</p>
          )}
        </div>
        <div className="flex flex-wrap gap-2">
          {project.production && may(project, 'developer') && (
            <Button icon="back" onClick={onRollBack}>
              Roll back
            </Button>
          )}
          {may(project, 'developer') && (
            <Button
              icon="redo"
              busy={deploying}
              onClick={onDeploy}
              title={`Deploy the head of ${project.branch}`}
            >
              {project.latest ? 'Redeploy' : 'Deploy'}
            </Button>
          )}
          {project.production && (
            <a
              href={project.url}
              target="_blank"
              rel="noreferrer"
              className={buttonClass({ kind: 'primary' })}
            >
              <Icon name="external" /> Visit
            </a>
          )}
        </div>
      </div>
      <dl className="grid gap-x-8 gap-y-3 border-t border-line px-4 py-3.5 sm:grid-cols-2 md:px-5 lg:grid-cols-4">
        <Fact name="Deployment">
          {current ? (
            <Link
              to={pages.deployment}
              params={{ project: project.name, deployment: current.id }}
              className="block truncate leading-[24px] text-ink hover:underline"
            >
              {titleOf(current)}
            </Link>
          ) : (
            '–'
          )}
        </Fact>
        <Fact name="Source">
          {current ? (
            <CommitLine deployment={current} repo_url={project.repo_url} />
          ) : (
            project.branch
          )}
        </Fact>
        <Fact name="Made">
          {current ? (
            <>
              <Ago at_ms={current.created_at_ms} />
              <span className="text-muted">
                , in <Took begin_ms={current.created_at_ms} end_ms={current.finished_at_ms} />
                {current.bytes ? `, ${bytes(current.bytes)}` : ''}
              </span>
            </>
          ) : (
            '–'
          )}
        </Fact>
        <Fact name="Repository">
          <span className="block truncate" title={project.repo_url}>
            {project.repo_url ? repoName(project.repo_url) : 'none: uploaded or pushed'}
          </span>
        </Fact>
      </dl>
      {project.production?.rolled_back && (
        <div className="border-t border-line p-3">
          <Notice tone="warn" title="Production was rolled back">
            Pushes are built but do not go live. Promote a deployment to go on.
          </Notice>
        </div>
      )}
    </section>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-[12.5px] text-muted">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  )
}

function Running({ deployment, project }: { deployment: Deployment; project: Project }) {
  const { data = deployment } = useQuery({
    ...deploymentQuery(deployment.id),
    refetchInterval: 2_500,
  })
  return (
    <Panel
      title="In progress"
      actions={
        <Link
          to={pages.deployment}
          params={{ project: project.name, deployment: deployment.id }}
          className={buttonClass({ size: 'small' })}
        >
          Live log
        </Link>
      }
    >
      <div className="mb-3 flex flex-wrap items-center gap-x-3">
        <StateBadge state={data.state} />
        <span className="min-w-0 truncate">{titleOf(data)}</span>
        <CommitLine deployment={data} />
      </div>
      <Pipeline deployment={data} />
    </Panel>
  )
}

function Recent({ project }: { project: Project }) {
  const list = useInfiniteQuery(deploymentsQuery(project.name))
  const items = list.data?.pages[0]?.items.slice(0, 6) ?? []
  return (
    <Panel
      flush
      title="Recent deployments"
      actions={
        <Link
          to={pages.deployments}
          params={{ project: project.name }}
          search={{ show: undefined }}
          className="link leading-7"
        >
          All
        </Link>
      }
    >
      {list.isPending ? (
        <Loading />
      ) : items.length === 0 ? (
        <Empty icon="rocket" title="No deployment yet">
          Push to <code className="font-mono">{project.branch}</code> or press Deploy.
        </Empty>
      ) : (
        <DeploymentList project={project} deployments={items} />
      )}
    </Panel>
  )
}
