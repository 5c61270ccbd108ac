import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'

import { cancel, redeploy, refreshProject, remove } from '../api/actions'
import type { Problem } from '../api/client'
import { isEnd, titleOf } from '../api/states'
import type { Deployment, Project } from '../api/types'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { copyText } from '../ui/Copy'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { Icon } from '../ui/Icon'
import { Menu } from '../ui/Menu'
import { Ago, Took } from '../ui/Time'
import { toast } from '../ui/Toast'
import { CommitLine } from './Commit'
import { RollBack } from './RollBack'
import { may } from './role'
import { Chip, StateBadge } from './StateBadge'

/** Rows of deployments, newest first, each with what can be done to it. */
export function DeploymentList({
  project,
  deployments,
}: {
  project: Project
  deployments: Deployment[]
}) {
  return (
    <ul className="divide-y divide-line" data-testid="deployments">
      {deployments.map((deployment) => (
        <Row key={deployment.id} project={project} deployment={deployment} />
      ))}
    </ul>
  )
}

function Row({ project, deployment }: { project: Project; deployment: Deployment }) {
  const live = project.production?.deployment === deployment.id
  return (
    <li
      className="relative flex items-center gap-3 px-4 py-2.5 hover:bg-raised/60"
      data-deployment={deployment.id}
    >
      <div className="grid min-w-0 grow gap-x-4 gap-y-0.5 md:grid-cols-[minmax(0,1fr)_9rem_8rem]">
        <div className="min-w-0">
          <Link
            to={pages.deployment}
            params={{ project: project.name, deployment: deployment.id }}
            className="block truncate leading-[24px] font-medium text-ink no-underline after:absolute after:inset-0"
          >
            {titleOf(deployment)}
          </Link>
          <span className="flex flex-wrap items-center gap-x-3 text-[12.5px] text-muted">
            <CommitLine deployment={deployment} />
            {deployment.actor && (
              <span className="truncate">
                {deployment.trigger ? `${deployment.trigger} by ` : ''}
                {deployment.actor}
              </span>
            )}
          </span>
        </div>
        <div className="flex items-center gap-2 md:flex-col md:items-start md:justify-center md:gap-0.5">
          <StateBadge state={deployment.state} reason={deployment.reason} />
          {live ? (
            <Chip tone="ok">Production</Chip>
          ) : deployment.environment === 'preview' ? (
            <Chip>Preview</Chip>
          ) : null}
        </div>
        <div className="flex items-center gap-3 text-[12.5px] text-muted md:flex-col md:items-end md:justify-center md:gap-0">
          <Ago at_ms={deployment.created_at_ms} />
          <span className="tabular">
            <Took begin_ms={deployment.created_at_ms} end_ms={deployment.finished_at_ms} />
          </span>
        </div>
      </div>
      <div className="relative z-1">
        <RowMenu project={project} deployment={deployment} live={live} />
      </div>
    </li>
  )
}

function RowMenu({
  project,
  deployment,
  live,
}: {
  project: Project
  deployment: Deployment
  live: boolean
}) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [dialog, setDialog] = useState<'promote' | 'delete' | null>(null)
  const failed = (error: Problem) => toast(error.message, { bad: true })
  const ended = isEnd(deployment.state)
  const deploys = may(project, 'developer')
  const again = useMutation({
    mutationFn: (how: { use_caches?: boolean }) => redeploy(deployment.id, how),
    onSuccess: (next) =>
      navigate({ to: pages.deployment, params: { project: project.name, deployment: next.id } }),
    onError: failed,
  })
  const stop = useMutation({
    mutationFn: () => cancel(deployment.id),
    onSuccess: () => refreshProject(client),
    onError: failed,
  })
  return (
    <>
      <Menu
        label={`Actions for ${titleOf(deployment)}`}
        trigger={<Icon name="dots" />}
        items={[
          deployment.state === 'ready' && {
            label: 'Visit',
            icon: 'external',
            href: deployment.url,
          },
          deploys && ended && { label: 'Redeploy', icon: 'redo', onSelect: () => again.mutate({}) },
          deploys &&
            ended && {
              label: 'Redeploy without cache',
              icon: 'redo',
              onSelect: () => again.mutate({ use_caches: false }),
            },
          deploys && !ended && { label: 'Cancel', icon: 'stop', onSelect: () => stop.mutate() },
          deploys &&
            deployment.state === 'ready' &&
            !live && {
              label: 'Promote to production',
              icon: 'rocket',
              onSelect: () => setDialog('promote'),
            },
          {
            label: 'Copy id',
            icon: 'copy',
            onSelect: () => void copyText(deployment.id).then(() => toast('Copied the id.')),
          },
          may(project, 'admin') &&
            ended &&
            !live && {
              label: 'Delete',
              icon: 'cross',
              danger: true,
              onSelect: () => setDialog('delete'),
            },
        ]}
      />
      {dialog === 'promote' && (
        <RollBack project={project} target={deployment} onClose={() => setDialog(null)} />
      )}
      {dialog === 'delete' && <Delete deployment={deployment} onClose={() => setDialog(null)} />}
    </>
  )
}

function Delete({ deployment, onClose }: { deployment: Deployment; onClose: () => void }) {
  const client = useQueryClient()
  const drop = useMutation({
    mutationFn: () => remove(deployment.id),
    onSuccess: async () => {
      onClose()
      await refreshProject(client)
    },
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  return (
    <Dialog title="Delete this deployment?" onClose={onClose}>
      <p className="text-muted">
        Its address stops answering, and its files and log are deleted. This cannot be undone.
      </p>
      <DialogButtons>
        <Button onClick={onClose}>Keep it</Button>
        <Button kind="danger" busy={drop.isPending} onClick={() => drop.mutate()}>
          Delete
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
