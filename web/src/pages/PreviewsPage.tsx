import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'

import type { Problem } from '../api/client'
import { keepPreview, previewsQuery } from '../api/previews'
import type { Preview, Project } from '../api/types'
import { bare, exact } from '../format'
import { ProblemNotice } from '../parts/Broken'
import { may } from '../parts/role'
import { Chip, StateBadge } from '../parts/StateBadge'
import { useProject } from '../parts/useProject'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { Empty, Loading, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'

/** What is deployed of branches and pull requests, and until when. */
export default function PreviewsPage() {
  const { project: name } = useParams({ strict: false }) as { project: string }
  const { data: project } = useProject(name)
  const previews = useQuery(previewsQuery(name))
  if (previews.error) return <ProblemNotice error={previews.error} />
  if (!project || !previews.data) return <Loading />
  return (
    <>
      <title>{`Previews · ${name} · Berth`}</title>
      <h1 className="sr-only">Previews of {name}</h1>
      <Panel flush>
        {previews.data.length === 0 ? (
          <Empty icon="branch" title="No previews yet">
            Every push to a branch other than {project.data.branch || 'the production branch'} gets
            an address of its own.
          </Empty>
        ) : (
          <ul aria-label="Previews" className="divide-y divide-line">
            {previews.data.map((preview) => (
              <Row key={preview.ref} preview={preview} project={project.data} />
            ))}
          </ul>
        )}
      </Panel>
    </>
  )
}

function Row({ preview, project }: { preview: Preview; project: Project }) {
  const client = useQueryClient()
  const keep = useMutation({
    mutationFn: () => keepPreview(project.id, preview.ref, !preview.kept),
    onSuccess: () => client.invalidateQueries({ queryKey: ['previews'] }),
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-4 py-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <code className="font-mono text-[13px] break-all">{preview.ref}</code>
          <StateBadge state={preview.state} />
          {preview.kept && <Chip>Kept</Chip>}
          {preview.expired_at_ms && <Chip>Expired</Chip>}
        </p>
        <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-0.5 text-[13px] text-muted">
          {preview.url && (
            <a href={preview.url} target="_blank" rel="noreferrer" className="link break-all">
              {bare(preview.url)}
            </a>
          )}
          <span>
            deployed <Ago at_ms={preview.deployed_at_ms} />
          </span>
          {preview.expires_at_ms && <span>stays until {exact(preview.expires_at_ms)}</span>}
          {preview.expired_at_ms && (
            <span>
              taken down for its age <Ago at_ms={preview.expired_at_ms} />
            </span>
          )}
        </p>
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <Link
          to={pages.deployment}
          params={{ project: project.name, deployment: preview.deployment }}
          className="link leading-[24px]"
        >
          {preview.expired_at_ms ? 'Deploy it again' : 'Deployment'}
          <span className="sr-only"> of {preview.ref}</span>
        </Link>
        {may(project, 'developer') && !preview.expired_at_ms && (
          <Button
            size="small"
            busy={keep.isPending}
            aria-label={`${preview.kept ? 'Keep no more' : 'Keep'}: ${preview.ref}`}
            onClick={() => keep.mutate()}
          >
            {preview.kept ? 'Keep no more' : 'Keep'}
          </Button>
        )}
      </div>
    </li>
  )
}
