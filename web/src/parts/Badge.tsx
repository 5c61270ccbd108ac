import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

import { call, type Problem } from '../api/client'
import type { Project } from '../api/types'
import { Button } from '../ui/Button'
import { SecretBox } from '../ui/Copy'
import { Panel } from '../ui/Panel'
import { toast } from '../ui/Toast'

interface BadgeView {
  url: string | null
}
const path = (project: string) => `/projects/${encodeURIComponent(project)}/badge`
const badgeQuery = (project: string) =>
  queryOptions({
    queryKey: ['badge', project],
    queryFn: () => call<BadgeView>(path(project)),
  })

/** A picture for a README, off until somebody wants it. */
export function Badge({ project }: { project: Project }) {
  const client = useQueryClient()
  const { data } = useQuery(badgeQuery(project.id))
  const url = data?.url
  const change = useMutation({
    mutationFn: (method: 'POST' | 'DELETE') =>
      call<BadgeView | undefined>(path(project.id), { method }),
    onSuccess: (made) =>
      client.setQueryData(badgeQuery(project.id).queryKey, made ?? { url: null }),
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  return (
    <Panel
      title="Status badge"
      actions={
        <>
          {url && (
            <Button size="small" busy={change.isPending} onClick={() => change.mutate('DELETE')}>
              Turn off<span className="sr-only"> the badge</span>
            </Button>
          )}
          <Button size="small" busy={change.isPending} onClick={() => change.mutate('POST')}>
            {url ? 'New address' : 'Turn on'}
            <span className="sr-only"> {url ? 'of the badge' : 'the badge'}</span>
          </Button>
        </>
      }
    >
      <p className="mb-2 text-muted">
        A picture that says how the production branch does, or another one with{' '}
        <code>?branch=</code>. Whoever has its address can see it.
      </p>
      {url ? (
        <>
          <img src={url} alt="Status of the production branch" className="mb-2 h-5" />
          <SecretBox value={`![Berth](${url})`} label="Copy Markdown" />
        </>
      ) : (
        <p>Off.</p>
      )}
    </Panel>
  )
}
