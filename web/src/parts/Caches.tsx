import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { clearCaches } from '../api/actions'
import type { Problem } from '../api/client'
import { cachesQuery } from '../api/queries'
import type { ClearedCaches, KeptCache, Project, ProjectCaches } from '../api/types'
import { bytes, counted } from '../format'
import { Button } from '../ui/Button'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { Loading, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'

const kinds: Record<KeptCache['kind'], string> = {
  install: 'Installed packages',
  bundler: 'Build cache',
  downloads: 'Package downloads',
  repository: 'Repository',
  toolchain: 'Toolchain',
}

/** What builds of the project have left for the next ones, and the way to have it removed. */
export function Caches({ project }: { project: Project }) {
  const caches = useQuery(cachesQuery(project.id))
  const [asking, setAsking] = useState(false)
  const { data } = caches
  return (
    <Panel
      title="Caches"
      flush
      actions={
        data &&
        data.items.length > 0 && (
          <Button size="small" onClick={() => setAsking(true)}>
            Clear caches
          </Button>
        )
      }
    >
      {data ? (
        <Kept caches={data} />
      ) : caches.error ? (
        <div className="p-4">
          <ProblemNotice error={caches.error} />
        </div>
      ) : (
        <Loading rows={2} />
      )}
      {asking && <Clear project={project} onClose={() => setAsking(false)} />}
    </Panel>
  )
}

function Kept({ caches }: { caches: ProjectCaches }) {
  if (caches.workers === 0)
    return <p className="p-4 text-muted">No worker is connected that could say what it keeps.</p>
  if (caches.items.length === 0)
    return <p className="p-4 text-muted">None yet. The next build leaves some.</p>
  return (
    <>
      <p className="px-4 pt-4 pb-2 text-muted">
        {bytes(caches.bytes)} of {bytes(caches.budget_bytes)}. What was not used for longest goes
        first.
      </p>
      <section className="overflow-x-auto" aria-label="Kept caches" tabIndex={0}>
        <table className="w-full text-left text-[13px]">
          <thead className="text-muted">
            <tr className="border-b border-line">
              <th className="px-4 py-2 font-medium">Kind</th>
              <th className="px-4 py-2 font-medium">For</th>
              <th className="px-4 py-2 text-right font-medium">Size</th>
              <th className="px-4 py-2 font-medium">Last used</th>
              <th className="px-4 py-2 font-medium">Worker</th>
            </tr>
          </thead>
          <tbody>
            {caches.items.map((cache) => (
              <tr
                key={`${cache.worker} ${cache.name}`}
                className="border-b border-line last:border-0"
              >
                <td className="px-4 py-2 whitespace-nowrap">{kinds[cache.kind]}</td>
                <td className="max-w-48 truncate px-4 py-2">
                  {[cache.trust, cache.branch].filter(Boolean).join(' · ') || '–'}
                </td>
                <td className="tabular px-4 py-2 text-right whitespace-nowrap">
                  {bytes(cache.bytes)}
                </td>
                <td className="px-4 py-2 whitespace-nowrap">
                  {cache.used_at_ms > 0 ? <Ago at_ms={cache.used_at_ms} /> : 'not yet'}
                </td>
                <td className="max-w-40 truncate px-4 py-2">{cache.worker}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  )
}

const clearedWords = (cleared: ClearedCaches) =>
  [
    `${counted(cleared.removed, 'cache')} removed, ${bytes(cleared.removed_bytes)}.`,
    cleared.in_use > 0 && `A build uses ${bytes(cleared.in_use_bytes)}: these stay.`,
    cleared.unanswered > 0 && `${bytes(cleared.unanswered_bytes)} go when their workers answer.`,
  ]
    .filter(Boolean)
    .join(' ')

function Clear({ project, onClose }: { project: Project; onClose: () => void }) {
  const client = useQueryClient()
  const clear = useMutation({
    mutationFn: () => clearCaches(project.id),
    onSuccess: async (cleared) => {
      onClose()
      toast(clearedWords(cleared))
      await client.invalidateQueries(cachesQuery(project.id))
    },
    onError: (error: Problem) => {
      onClose()
      toast(error.message, { bad: true })
    },
  })
  return (
    <Dialog title="Clear all caches of this project?" onClose={onClose}>
      <p className="text-muted">
        The next build of each branch downloads and installs its packages anew and takes longer.
        Sites that are live stay as they are.
      </p>
      <DialogButtons>
        <Button onClick={onClose}>Keep them</Button>
        <Button kind="danger" busy={clear.isPending} onClick={() => clear.mutate()}>
          Clear
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
