import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'

import { deploy, refreshProject } from '../api/actions'
import type { Project } from '../api/types'
import { pages } from '../paths'
import { CopyButton } from '../ui/Copy'
import { SelectField } from '../ui/Field'
import { Panel } from '../ui/Panel'
import { DropDeploy } from './DropDeploy'

/** Of a preview that no branch is the name of. */
const previewOf = (branch: string) => (branch === 'upload' ? 'upload-preview' : 'upload')

/** A folder as a deployment of a project that is there. */
export function DropUpload({ project }: { project: Project }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [target, setTarget] = useState<'preview' | 'production'>('preview')
  return (
    <Panel title="Deploy a folder">
      <DropDeploy
        projectOf={async () => project.id}
        onUploaded={async (id, upload) => {
          const ref = target === 'production' ? project.branch : previewOf(project.branch)
          const deployment = await deploy(id, { upload, ref })
          void refreshProject(client)
          return navigate({
            to: pages.deployment,
            params: { project: project.name, deployment: deployment.id },
          })
        }}
      >
        <SelectField
          label="Goes to"
          name="target"
          value={target}
          onChange={(event) => setTarget(event.target.value as typeof target)}
        >
          <option value="preview">a preview</option>
          <option value="production">production</option>
        </SelectField>
      </DropDeploy>
      <p className="mt-4 flex flex-wrap items-center gap-x-1.5 text-[13px] text-muted">
        Or push to Berth itself:
        <code className="min-w-0 font-mono break-all text-ink">{project.git_url}</code>
        <CopyButton text={project.git_url} label="Copy the remote's address" />
      </p>
    </Panel>
  )
}
