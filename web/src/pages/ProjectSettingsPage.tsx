import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'

import { call, type Problem } from '../api/client'
import { frameworks } from '../api/frameworks'
import { hookQuery } from '../api/queries'
import type { Project, ProjectSettings } from '../api/types'
import { Badge } from '../parts/Badge'
import { ProblemNotice } from '../parts/Broken'
import { Caches } from '../parts/Caches'
import {
  type CredentialChoice,
  CredentialFields,
  credentialInput,
  noCredential,
} from '../parts/Credential'
import { DangerZone } from '../parts/DangerZone'
import { frameworkName, type OverrideKey, planFields } from '../parts/Detected'
import { fieldError, isGeneral } from '../parts/forms'
import { GitLink } from '../parts/GitLink'
import { PreviewRules } from '../parts/PreviewRules'
import { ProjectChannels } from '../parts/ProjectChannels'
import { FromRole } from '../parts/role'
import { Schedules } from '../parts/Schedules'
import { Section, useSave } from '../parts/SettingsSection'
import { useProject } from '../parts/useProject'
import { Visitors } from '../parts/Visitors'
import { Webhook } from '../parts/Webhook'
import { Button } from '../ui/Button'
import { SecretBox } from '../ui/Copy'
import { DialogButtons } from '../ui/Dialog'
import { SelectField, TextField } from '../ui/Field'
import { Loading, Panel } from '../ui/Panel'
import { toast } from '../ui/Toast'

export default function ProjectSettingsPage() {
  const { project: name } = useParams({ strict: false }) as { project: string }
  const { data } = useProject(name)
  if (!data) return <Loading />
  const key = data.etag ?? data.data.id
  return (
    <div className="flex max-w-3xl flex-col gap-5">
      <title>{`Settings · ${name} · Berth`}</title>
      <h1 className="sr-only">Settings of {name}</h1>
      <FromRole project={data.data} needed="admin">
        <General key={`general ${key}`} project={data.data} etag={data.etag} />
        <Build key={`build ${key}`} project={data.data} etag={data.etag} />
        <PreviewRules key={`previews ${key}`} project={data.data} etag={data.etag} />
        <Secrets key={`secrets ${key}`} project={data.data} etag={data.etag} />
        <Visitors project={data.data} etag={data.etag} />
        <Access project={data.data} etag={data.etag} />
        <GitLink project={data.data} />
        <Webhook project={data.data} />
        <Hook project={data.data} />
        <Schedules project={data.data} />
        <ProjectChannels project={data.data} />
        <Badge project={data.data} />
        <Caches project={data.data} />
        <DangerZone project={data.data} />
      </FromRole>
    </div>
  )
}

function General({ project, etag }: { project: Project; etag: string | null }) {
  const save = useSave(project, etag)
  const text = (data: FormData, name: string) => String(data.get(name)).trim()
  return (
    <Section
      title="General"
      save={save}
      pointers={['/name', '/repo_url', '/branch', '/root']}
      onSubmit={(data) =>
        save.mutate({
          name: text(data, 'name'),
          repo_url: text(data, 'repo_url'),
          branch: text(data, 'branch'),
          root: text(data, 'root'),
        })
      }
    >
      <TextField
        label="Name"
        name="name"
        readOnly
        defaultValue={project.name}
        error={fieldError(save.error, '/name')}
        hint="It stays: the project's addresses are made of it."
      />
      <TextField
        label="Production branch"
        name="branch"
        mono
        defaultValue={project.branch}
        error={fieldError(save.error, '/branch')}
      />
      <TextField
        className="sm:col-span-2"
        label="Git repository"
        name="repo_url"
        mono
        hint={project.repo_url ? undefined : 'None: what is deployed is uploaded or pushed.'}
        defaultValue={project.repo_url}
        error={fieldError(save.error, '/repo_url')}
      />
      <TextField
        label="Root directory"
        name="root"
        mono
        defaultValue={project.root}
        placeholder="the top of the repository"
        error={fieldError(save.error, '/root')}
      />
    </Section>
  )
}

function Build({ project, etag }: { project: Project; etag: string | null }) {
  const save = useSave(project, etag)
  const [own, setOwn] = useState<Record<OverrideKey, boolean>>({
    framework: project.framework !== null,
    install_command: project.install_command !== null,
    build_command: project.build_command !== null,
    output_dir: project.output_dir !== null,
    node: project.node !== null,
  })
  return (
    <Section
      title="Build"
      save={save}
      pointers={['/framework', ...planFields.map((field) => `/${field.key}`)]}
      onSubmit={(data) => {
        const settings: ProjectSettings = { framework: String(data.get('framework')) || null }
        for (const { key } of planFields) settings[key] = own[key] ? String(data.get(key)) : null
        save.mutate(settings)
      }}
    >
      <SelectField
        label="Framework"
        name="framework"
        defaultValue={project.framework ?? ''}
        error={fieldError(save.error, '/framework')}
      >
        <option value="">Detect at each build</option>
        {[...new Set([...Object.keys(frameworks), project.framework ?? ''])]
          .filter(Boolean)
          .map((each) => (
            <option key={each} value={each}>
              {frameworkName(each)}
            </option>
          ))}
      </SelectField>
      {planFields.map(({ key, label, placeholder }) => (
        <TextField
          key={key}
          label={label}
          name={key}
          mono
          disabled={!own[key]}
          defaultValue={project[key] ?? ''}
          placeholder={own[key] ? placeholder : 'detected at each build'}
          error={fieldError(save.error, `/${key}`)}
          aside={
            <label className="inline-flex min-h-[24px] items-center gap-1.5">
              <input
                type="checkbox"
                className="size-4 accent-(--accent)"
                checked={own[key]}
                aria-label={`Set ${label.toLowerCase()} by hand`}
                onChange={(event) => setOwn({ ...own, [key]: event.target.checked })}
              />
              by hand
            </label>
          }
        />
      ))}
    </Section>
  )
}

function Secrets({ project, etag }: { project: Project; etag: string | null }) {
  const save = useSave(project, etag)
  return (
    <Section
      title="Secrets in the output"
      save={save}
      pointers={['/secret_in_output']}
      onSubmit={(data) =>
        save.mutate({ secret_in_output: data.get('secret_in_output') === 'warn' ? 'warn' : 'fail' })
      }
    >
      <SelectField
        className="sm:col-span-2"
        label="When the value of a sensitive variable is in the files of a site"
        name="secret_in_output"
        defaultValue={project.secret_in_output}
        error={fieldError(save.error, '/secret_in_output')}
        hint="Only an owner of the team can change this; files of the repository cannot."
      >
        <option value="fail">The deployment fails, and names file and variable</option>
        <option value="warn">It goes live, and the log warns: everybody can read it</option>
      </SelectField>
    </Section>
  )
}

const credentialWords = {
  none: 'Public: no credential.',
  token: 'An access token is kept, sealed.',
  deploy_key: 'A deploy key is kept, sealed. Its public half:',
}

function Access({ project, etag }: { project: Project; etag: string | null }) {
  const save = useSave(project, etag)
  const [choice, setChoice] = useState<CredentialChoice | null>(null)
  const complete = choice && (choice.kind === 'none' || credentialInput(choice).credential)
  return (
    <Panel
      title="Access to the repository"
      actions={
        !choice && (
          <Button size="small" onClick={() => setChoice(noCredential)}>
            Replace
          </Button>
        )
      }
    >
      <p>{credentialWords[project.credential.kind]}</p>
      {project.credential.public_key && (
        <div className="mt-2">
          <SecretBox value={project.credential.public_key} label="Copy public key" />
        </div>
      )}
      {choice && (
        <>
          <CredentialFields
            value={choice}
            onChange={setChoice}
            error={fieldError(save.error, '/credential')}
          />
          {isGeneral(save.error, ['/credential']) && <ProblemNotice error={save.error} />}
          <DialogButtons>
            <Button onClick={() => setChoice(null)}>Cancel</Button>
            <Button
              kind="primary"
              disabled={!complete}
              busy={save.isPending}
              onClick={() =>
                save.mutate(
                  { credential: credentialInput(choice).credential ?? { kind: 'none' } },
                  { onSuccess: () => setChoice(null) },
                )
              }
            >
              Save
            </Button>
          </DialogButtons>
        </>
      )}
    </Panel>
  )
}

function Hook({ project }: { project: Project }) {
  const client = useQueryClient()
  const hook = useQuery(hookQuery(project.id))
  const rotate = useMutation({
    mutationFn: () =>
      call<{ url: string }>(`/projects/${encodeURIComponent(project.id)}/hook`, {
        method: 'POST',
        body: {},
      }),
    onSuccess: (made) => {
      client.setQueryData(hookQuery(project.id).queryKey, made)
      toast('New address made; the old one no longer works.')
    },
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  const url = hook.data?.url
  return (
    <Panel
      title="Deploy hook"
      actions={
        <Button size="small" icon="redo" busy={rotate.isPending} onClick={() => rotate.mutate()}>
          {url ? 'New address' : 'Make address'}
        </Button>
      }
    >
      <p className="mb-2 text-muted">
        A POST to this address deploys the production branch. Whoever knows it can do so.
      </p>
      {url ? <SecretBox value={url} label="Copy hook address" /> : <p>None yet.</p>}
    </Panel>
  )
}
