import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'

import { deploy, refreshProject } from '../api/actions'
import { call, Problem } from '../api/client'
import type { NewProject, Project } from '../api/types'
import { nameFrom } from '../format'
import { pages } from '../paths'
import { TextField } from '../ui/Field'
import { Panel } from '../ui/Panel'
import { DropDeploy } from './DropDeploy'

/** A new project of a folder: no repository is needed. */
export function DropProject() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  // Made once, also when the upload after it has to be tried again.
  const made = useRef<Project | null>(null)
  const create = useMutation({
    mutationFn: async () => {
      if (made.current?.name === name) return made.current.id
      const body: NewProject = { name, repo_url: '' }
      made.current = await call<Project>('/projects', { method: 'POST', body })
      return made.current.id
    },
  })
  return (
    <Panel title="Without a repository">
      <DropDeploy
        projectOf={() => create.mutateAsync()}
        onNamed={(given) => name === '' && setName(nameFrom(`/${given}`))}
        disabled={create.isPending}
        onUploaded={async (project, upload) => {
          const deployment = await deploy(project, { upload })
          void refreshProject(client)
          return navigate({
            to: pages.deployment,
            params: { project: name, deployment: deployment.id },
          })
        }}
      >
        <TextField
          label="Name"
          name="folder_name"
          required
          maxLength={40}
          value={name}
          onChange={(event) => setName(event.target.value.toLowerCase())}
          error={create.error instanceof Problem ? create.error.field('/name') : undefined}
        />
      </DropDeploy>
    </Panel>
  )
}
