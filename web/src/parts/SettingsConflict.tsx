import { useMutation, useQueryClient } from '@tanstack/react-query'

import { callVersioned, Problem } from '../api/client'
import { projectQuery } from '../api/queries'
import type { Project, ProjectSettings } from '../api/types'
import { Button } from '../ui/Button'
import { Notice } from '../ui/Notice'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'

const word = (value: unknown) => {
  if (value === null || value === undefined) return 'detected at each build'
  if (value === '') return 'empty'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** What `mine` sets otherwise than `theirs` has it; secrets are neither known nor shown. */
export const clashesOf = (mine: ProjectSettings, theirs: Project) =>
  Object.entries(mine)
    .filter(([key]) => key in theirs && key !== 'credential' && key !== 'access')
    .map(([key, value]) => ({ key, mine: value, theirs: theirs[key as keyof Project] as unknown }))
    .filter((each) => each.mine !== each.theirs)

/** A save that somebody else's came before: both sides, to choose from. Other failures are shown as
 * they are. */
export function SettingsConflict({
  error,
  project,
  mine,
  onMine,
}: {
  error: Error
  project: Project
  mine: ProjectSettings | undefined
  onMine: (etag: string | null) => void
}) {
  const client = useQueryClient()
  const load = useMutation({
    mutationFn: () => callVersioned<Project>(`/projects/${encodeURIComponent(project.id)}`),
    onError: (broken: Problem) => toast(broken.message, { bad: true }),
  })
  if (!(error instanceof Problem) || error.status !== 412) return <ProblemNotice error={error} />
  const theirs = load.data
  return (
    <Notice
      tone="warn"
      role="alert"
      title="Nothing was saved: the settings are others now"
      actions={
        theirs ? (
          <>
            <Button
              size="small"
              onClick={() => client.setQueryData(projectQuery(project.name).queryKey, theirs)}
            >
              Take theirs
            </Button>
            <Button size="small" kind="primary" onClick={() => onMine(theirs.etag)}>
              Save mine
            </Button>
          </>
        ) : (
          <Button size="small" busy={load.isPending} onClick={() => load.mutate()}>
            Compare
          </Button>
        )
      }
    >
      <p>{error.message}</p>
      {theirs && mine && (
        <dl className="mt-2 space-y-1">
          {clashesOf(mine, theirs.data).map((each) => (
            <div key={each.key}>
              <dt className="font-mono">{each.key}</dt>
              <dd className="break-all">
                Yours: {word(each.mine)}. Theirs: {word(each.theirs)}.
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Notice>
  )
}
