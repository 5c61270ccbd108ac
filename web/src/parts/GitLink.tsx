import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

import { refreshProject } from '../api/actions'
import { call, type Problem } from '../api/client'
import { gitQuery, requestsQuery } from '../api/queries'
import type { Deployment, GitRequest, Project } from '../api/types'
import { Button } from '../ui/Button'
import { Notice } from '../ui/Notice'
import { Loading, Panel } from '../ui/Panel'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'
import { hostNames } from './GitConnections'
import { Chip } from './StateBadge'

const placeOf = (project: Project, rest = '') =>
  `/projects/${encodeURIComponent(project.id)}/git${rest}`

/** The repository at a Git host that a project is linked to, and its pull requests. */
export function GitLink({ project }: { project: Project }) {
  const client = useQueryClient()
  const { data, error } = useQuery(gitQuery(project.id))
  const again = {
    onSuccess: () => client.invalidateQueries(gitQuery(project.id)),
    onError: (problem: Problem) => toast(problem.message, { bad: true }),
  }
  const mend = useMutation({
    mutationFn: () =>
      call(placeOf(project), {
        method: 'PUT',
        body: { connection: data?.connection, repository: data?.repository },
      }),
    ...again,
  })
  const unlink = useMutation({
    mutationFn: () => call(placeOf(project), { method: 'DELETE' }),
    ...again,
  })
  return (
    <Panel
      title="Git host"
      actions={
        data?.repository && (
          <>
            <Button size="small" busy={mend.isPending} onClick={() => mend.mutate()}>
              Check webhook
            </Button>
            <Button size="small" busy={unlink.isPending} onClick={() => unlink.mutate()}>
              Unlink
            </Button>
          </>
        )
      }
    >
      {error && <ProblemNotice error={error} />}
      {!data && !error && <Loading rows={1} />}
      {data && !data.repository && (
        <p className="text-muted">
          Not linked. Connect the team to its Git host on the team’s page, then{' '}
          <code>berth git link</code>.
        </p>
      )}
      {data?.repository && (
        <>
          <p>
            <strong className="break-all">{data.repository}</strong>
            {data.provider && ` at ${hostNames[data.provider]}, as ${data.account}.`}{' '}
            {data.webhook ? 'Its pushes deploy.' : 'The webhook could not be made yet.'}
          </p>
          {data.trouble && (
            <div className="mt-3">
              <Notice tone="warn" title="What the Git host said last">
                {data.trouble}
              </Notice>
            </div>
          )}
          <Requests project={project} />
        </>
      )}
    </Panel>
  )
}

function Requests({ project }: { project: Project }) {
  const { data, error } = useQuery(requestsQuery(project.id))
  if (error) return <ProblemNotice error={error} />
  if (!data || data.items.length === 0) return null
  return (
    <>
      <h3 className="mt-4 font-medium">Open pull requests</h3>
      <ul className="divide-y divide-line">
        {data.items.map((request) => (
          <Request key={request.number} project={project} request={request} />
        ))}
      </ul>
    </>
  )
}

function Request({ project, request }: { project: Project; request: GitRequest }) {
  const client = useQueryClient()
  const approve = useMutation({
    mutationFn: () =>
      call<Deployment>(placeOf(project, `/requests/${request.number}/approve`), {
        method: 'POST',
        body: {},
      }),
    onSuccess: async () => {
      toast('It is built, without secrets.')
      await client.invalidateQueries(requestsQuery(project.id))
      await refreshProject(client)
    },
    onError: (problem: Problem) => toast(problem.message, { bad: true }),
  })
  const waits = request.approval === 'waiting'
  return (
    <li className="flex flex-wrap items-center gap-3 py-2">
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-2 break-words font-medium">
          {request.number} {request.title} {request.fork && <Chip tone="warn">Fork</Chip>}
        </p>
        <p className="text-[12.5px] text-muted">
          {request.author && `${request.author} · `}
          {request.branch} · {request.commit.slice(0, 7)}
        </p>
      </div>
      {waits ? (
        <Button busy={approve.isPending} onClick={() => approve.mutate()}>
          Build it<span className="sr-only">: {request.title}</span>
        </Button>
      ) : (
        request.url && (
          <a className="link break-all" href={request.url}>
            Preview
          </a>
        )
      )}
    </li>
  )
}
