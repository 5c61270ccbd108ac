import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

import { refreshProject } from '../api/actions'
import { call, type Problem } from '../api/client'
import { deletedProjectsQuery } from '../api/queries'
import type { DeletedProject, Project, Team } from '../api/types'
import { Button } from '../ui/Button'
import { Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'

const day = 86_400_000

/** Deleted projects of a team that can still be had back; nothing while there are none. */
export function DeletedProjects({ team }: { team: Team }) {
  const deleted = useQuery(deletedProjectsQuery(team.id))
  if (!deleted.data?.items.length) return null
  return (
    <Panel title="Deleted projects" flush>
      <ul className="divide-y divide-line">
        {deleted.data.items.map((project) => (
          <Row key={project.id} team={team} project={project} />
        ))}
      </ul>
    </Panel>
  )
}

function Row({ team, project }: { team: Team; project: DeletedProject }) {
  const client = useQueryClient()
  const path = `/teams/${team.id}/deleted-projects/${encodeURIComponent(project.id)}`
  const after = (said: string) => ({
    onSuccess: async () => {
      await Promise.all([client.invalidateQueries({ queryKey: ['teams'] }), refreshProject(client)])
      toast(said)
    },
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  const restore = useMutation({
    mutationFn: () => call<Project>(`${path}/restore`, { method: 'POST', body: {} }),
    ...after(`${project.name} is back, as it was.`),
  })
  const purge = useMutation({
    mutationFn: () => call<void>(path, { method: 'DELETE' }),
    ...after(`${project.name} is gone for good.`),
  })
  const days = Math.max(0, Math.ceil((project.purge_at_ms - Date.now()) / day))
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <div className="min-w-0 grow">
        <p className="font-medium break-all">{project.name}</p>
        <p className="text-[12.5px] text-muted">
          deleted <Ago at_ms={project.deleted_at_ms} /> · {days} day{days === 1 ? '' : 's'} left
        </p>
      </div>
      <Button busy={restore.isPending} onClick={() => restore.mutate()}>
        Restore
      </Button>
      <Button
        kind="danger"
        busy={purge.isPending}
        onClick={() => {
          if (confirm(`Delete ${project.name} for good? Nothing brings it back.`)) purge.mutate()
        }}
      >
        Delete for good
      </Button>
    </li>
  )
}
