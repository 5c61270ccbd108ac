import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { promote, refreshProject } from '../api/actions'
import type { Problem } from '../api/client'
import { deploymentQuery, deploymentsQuery, productionQuery } from '../api/queries'
import { titleOf } from '../api/states'
import type { Deployment, Production, Project } from '../api/types'
import { counted, short } from '../format'
import { Button } from '../ui/Button'
import { cx } from '../ui/classes'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { Notice } from '../ui/Notice'
import { Loading } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'
import { may } from './role'

/** What a second roll back would mean: the newest deployment in the history that came before this one. */
export const previousOf = (production: Production): string | null => {
  const seen = new Set<string>()
  const moves = [...production.history].sort((a, b) => b.generation - a.generation)
  const current = production.deployment
  if (!current) return null
  // Walk back to where the current one first went live, then on to what stood there before.
  const firstOfCurrent = moves.findLastIndex((move) => move.deployment === current)
  for (const move of moves.slice(firstOfCurrent + 1)) {
    if (move.deployment !== current && !seen.has(move.deployment)) return move.deployment
    seen.add(move.deployment)
  }
  return null
}

function Choice({
  deployment,
  chosen,
  onChoose,
}: {
  deployment: Deployment
  chosen: boolean
  onChoose: () => void
}) {
  return (
    <label
      className={cx(
        'flex cursor-pointer items-center gap-3 rounded-lg border px-3 py-2',
        chosen ? 'border-accent bg-accent-soft' : 'border-line hover:bg-raised',
      )}
    >
      <input
        type="radio"
        name="target"
        checked={chosen}
        onChange={onChoose}
        className="size-4 accent-(--accent)"
      />
      <span className="min-w-0 grow">
        <span className="block truncate font-medium">{titleOf(deployment)}</span>
        <span className="text-[12.5px] text-muted">
          <code className="font-mono">{short(deployment.commit)}</code> on {deployment.ref},{' '}
          <Ago at_ms={deployment.created_at_ms} />
        </span>
      </span>
    </label>
  )
}

/**
 * Moves production to another ready deployment: no build, one pointer. `target` is fixed for "promote";
 * without it the last one that was live is chosen, and others can be.
 */
export function RollBack({
  project,
  target,
  onClose,
}: {
  project: Project
  target?: Deployment
  onClose: () => void
}) {
  const client = useQueryClient()
  const production = useQuery(productionQuery(project.id))
  const list = useInfiniteQuery(deploymentsQuery(project.id))
  const currentId = project.production?.deployment ?? null
  const current = useQuery({ ...deploymentQuery(currentId ?? ''), enabled: currentId !== null })
  const previousId = production.data ? previousOf(production.data) : null
  const [picked, setPicked] = useState<string | null>(null)

  const all = (list.data?.pages ?? []).flatMap((page) => page.items)
  const ready = all.filter(
    (each) => each.state === 'ready' && each.environment === 'production' && each.id !== currentId,
  )
  const older = ready.filter(
    (each) => each.created_at_ms < (current.data?.created_at_ms ?? Number.POSITIVE_INFINITY),
  )
  const fallback =
    (previousId && ready.find((each) => each.id === previousId)?.id) || older[0]?.id || ready[0]?.id
  const chosen = target?.id ?? picked ?? fallback ?? null
  const chosenDeployment = target ?? ready.find((each) => each.id === chosen)

  const failed = target?.checks_failed ?? 0
  const forced = failed > 0 && may(project, 'admin')
  const move = useMutation({
    mutationFn: (deployment: string) =>
      promote(project.id, deployment, forced ? { force: true } : {}),
    onSuccess: async () => {
      await refreshProject(client)
      onClose()
      toast(`Production is now ${short(chosenDeployment?.commit ?? '') || chosen}.`, {
        action: currentId
          ? {
              label: 'Undo',
              run: () =>
                promote(project.id, currentId, { reason: 'undo' }).then(
                  () => refreshProject(client),
                  (error: Problem) => toast(error.message, { bad: true }),
                ),
            }
          : undefined,
      })
    },
  })

  const verb = forced ? 'Promote anyway' : target ? 'Promote' : 'Roll back'
  return (
    <Dialog title={target ? 'Promote to production' : 'Roll back production'} onClose={onClose}>
      <p className="mb-3 text-muted">
        Visitors of <span className="font-medium text-ink">{project.name}</span> see the chosen
        deployment at once. Nothing is built; variables are those of its own build.
      </p>
      {list.isPending ? (
        <Loading rows={2} />
      ) : target ? (
        <Choice deployment={target} chosen onChoose={() => {}} />
      ) : ready.length === 0 ? (
        <Notice title="Nothing to go back to">
          There is no other deployment that became ready.
        </Notice>
      ) : (
        <fieldset className="max-h-72 space-y-1.5 overflow-auto p-0.5">
          <legend className="sr-only">Deployment to go back to</legend>
          {ready.slice(0, 12).map((each) => (
            <Choice
              key={each.id}
              deployment={each}
              chosen={each.id === chosen}
              onChoose={() => setPicked(each.id)}
            />
          ))}
        </fieldset>
      )}
      {current.data && chosenDeployment && (
        <p className="mt-3 text-muted">
          From <code className="font-mono text-ink">{short(current.data.commit)}</code> to{' '}
          <code className="font-mono text-ink">{short(chosenDeployment.commit)}</code>.
          {!target && ' Later pushes are built but wait until you promote one.'}
        </p>
      )}
      {failed > 0 && (
        <div className="mt-3">
          <Notice tone="warn" title={`${counted(failed, 'check')} failed`}>
            {forced
              ? 'Promoting it all the same is kept in the audit log.'
              : 'An admin of the project can promote it all the same.'}
          </Notice>
        </div>
      )}
      {move.error && (
        <div className="mt-3">
          <Notice tone="bad" role="alert" title={move.error.message} />
        </div>
      )}
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          kind="primary"
          icon={target ? 'rocket' : 'back'}
          disabled={!chosen}
          busy={move.isPending}
          onClick={() => chosen && move.mutate(chosen)}
        >
          {verb}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
