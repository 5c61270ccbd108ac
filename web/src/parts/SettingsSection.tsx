import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useRef } from 'react'

import { refreshProject } from '../api/actions'
import { callVersioned } from '../api/client'
import { projectQuery } from '../api/queries'
import type { Project, ProjectSettings } from '../api/types'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { Panel } from '../ui/Panel'
import { toast } from '../ui/Toast'
import { focusFirstError, isGeneral } from './forms'
import { SettingsConflict } from './SettingsConflict'

/** Saves some of the settings, under the version that was shown, or the one that a person chose to
 * save over. */
export const useSave = (project: Project, etag: string | null) => {
  const client = useQueryClient()
  const navigate = useNavigate()
  const over = useRef<string | null>(null)
  const save = useMutation({
    mutationFn: (settings: ProjectSettings) =>
      callVersioned<Project>(`/projects/${encodeURIComponent(project.id)}`, {
        method: 'PATCH',
        etag: over.current ?? etag,
        body: settings,
      }),
    onSuccess: async (saved) => {
      client.setQueryData(projectQuery(saved.data.name).queryKey, saved)
      if (saved.data.name !== project.name)
        await navigate({
          to: pages.project_settings,
          params: { project: saved.data.name },
          replace: true,
        })
      await refreshProject(client)
      toast('Saved. It applies from the next deployment on.')
    },
  })
  const saveOver = (theirs: string | null) => {
    over.current = theirs
    if (save.variables) save.mutate(save.variables)
  }
  return { ...save, project, saveOver }
}

export function Section({
  title,
  save,
  pointers,
  onSubmit,
  children,
}: {
  title: string
  save: ReturnType<typeof useSave>
  pointers: string[]
  onSubmit: (data: FormData) => void
  children: ReactNode
}) {
  const form = useRef<HTMLFormElement>(null)
  if (save.error) focusFirstError(form.current)
  return (
    <Panel title={title}>
      <form
        ref={form}
        onSubmit={(event) => {
          event.preventDefault()
          onSubmit(new FormData(event.currentTarget))
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2">{children}</div>
        {isGeneral(save.error, pointers) && (
          <div className="mt-4">
            <SettingsConflict
              error={save.error}
              project={save.project}
              mine={save.variables}
              onMine={save.saveOver}
            />
          </div>
        )}
        <div className="mt-4 flex justify-end">
          <Button type="submit" busy={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Panel>
  )
}
