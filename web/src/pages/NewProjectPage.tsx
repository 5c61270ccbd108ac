import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'

import { deploy, refreshProject } from '../api/actions'
import { call, Problem } from '../api/client'
import { instanceQuery } from '../api/queries'
import type { Inspection, NewProject, Project } from '../api/types'
import { parseDotenv } from '../dotenv'
import { nameFrom } from '../format'
import { ProblemNotice } from '../parts/Broken'
import {
  type CredentialChoice,
  CredentialFields,
  credentialInput,
  noCredential,
} from '../parts/Credential'
import { Detected, frameworkName, type Overrides, planFields } from '../parts/Detected'
import { DropProject } from '../parts/DropProject'
import { fieldError, focusFirstError, isGeneral } from '../parts/forms'
import { type PickedRepository, RepositoryPicker } from '../parts/RepositoryPicker'
import { pages } from '../paths'
import { Button, Spinner } from '../ui/Button'
import { areaClass, Field, SelectField, TextField } from '../ui/Field'
import { Notice } from '../ui/Notice'
import { PageHead, Panel } from '../ui/Panel'

const looksLikeRepo = (url: string) =>
  /^(https?|ssh|git):\/\/[^\s/]+\/\S+$/.test(url) || /^[\w.-]+@[\w.-]+:\S+$/.test(url)

const settled = 500 // ms without a key before we look at what was typed

/** The address that a project of this name will have. */
export const addressOf = (
  name: string,
  base_host: string | undefined,
  platform_url: string | undefined,
) => {
  let at = new URL(location.origin)
  try {
    if (platform_url) at = new URL(platform_url)
  } catch {
    // not set yet: this page's own address
  }
  const host = base_host || at.hostname
  return `${at.protocol}//${name || 'name'}.${host}${at.port ? `:${at.port}` : ''}`
}

const credentialCodes = ['clone_auth', 'clone_not_found']

export default function NewProjectPage() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const search = useSearch({ from: '/app/new' })
  const instance = useQuery({ ...instanceQuery, retry: false })
  const form = useRef<HTMLFormElement>(null)
  const [url, setUrl] = useState(search.repo ?? '')
  const [picked, setPicked] = useState<PickedRepository | null>(null)
  const [branch, setBranch] = useState('')
  const [root, setRoot] = useState('')
  const [name, setName] = useState<string | null>(null)
  const [overrides, setOverrides] = useState<Overrides>({})
  const [credential, setCredential] = useState<CredentialChoice>(noCredential)
  const [showCredential, setShowCredential] = useState(false)
  const [env, setEnv] = useState('')
  const [wanted, setWanted] = useState({ url: url.trim(), branch: '', root: '', turn: 0 })

  // Looks while people type, but at a finished address only.
  useEffect(() => {
    const timer = setTimeout(
      () =>
        setWanted((now) =>
          now.url === url.trim() ? now : { ...now, url: url.trim(), branch: '', root: '' },
        ),
      settled,
    )
    return () => clearTimeout(timer)
  }, [url])

  const inspection = useQuery<Inspection>({
    queryKey: ['inspect', wanted, picked],
    enabled: looksLikeRepo(wanted.url),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
    placeholderData: (previous, query) =>
      (query?.queryKey[1] as typeof wanted | undefined)?.url === wanted.url ? previous : undefined,
    queryFn: ({ signal }) =>
      call('/inspect', {
        method: 'POST',
        signal,
        body: {
          ...(picked ? { git: picked } : { repo_url: wanted.url, ...credentialInput(credential) }),
          ...(wanted.branch && { branch: wanted.branch }),
          ...(wanted.root && { root: wanted.root }),
          ...credentialInput(credential),
        },
      }),
  })
  const found = inspection.data
  const refused =
    inspection.error instanceof Problem && credentialCodes.includes(inspection.error.body.code)
  const withCredential = showCredential || refused || credential.kind !== 'none'
  const look = (change: Partial<typeof wanted>) =>
    setWanted((now) => ({ ...now, ...change, url: url.trim(), turn: now.turn + 1 }))

  const variables = parseDotenv(env)
  const projectName = name ?? nameFrom(url)

  const create = useMutation({
    mutationFn: async () => {
      const body: NewProject = {
        name: projectName,
        ...(picked ? { git: picked } : { repo_url: url.trim(), ...credentialInput(credential) }),
        branch: branch || found?.default_branch || '',
        root,
        ...overrides,
        ...credentialInput(credential),
        variables: variables.pairs.map((pair) => ({
          ...pair,
          environment: 'all',
          sensitive: true,
        })),
      }
      const project = await call<Project>('/projects', { method: 'POST', body })
      return project.latest ?? (await deploy(project.id))
    },
    onSuccess: (deployment) => {
      void refreshProject(client)
      return navigate({
        to: pages.deployment,
        params: { project: deployment.project_name || projectName, deployment: deployment.id },
      })
    },
    onError: () => focusFirstError(form.current),
  })
  const error = (pointer: string) => fieldError(create.error, pointer)

  return (
    <div className="mx-auto max-w-2xl">
      <title>New project · Berth</title>
      <PageHead title="New project" below="From a Git repository to a live site." />
      <form
        ref={form}
        className="space-y-5"
        onSubmit={(event) => {
          event.preventDefault()
          if (variables.errors.length === 0) create.mutate()
        }}
      >
        <Panel>
          <RepositoryPicker
            onPick={(choice, repository) => {
              setPicked(choice)
              setUrl(repository.clone_url)
              setWanted((now) => ({
                url: repository.clone_url,
                branch: '',
                root: '',
                turn: now.turn + 1,
              }))
            }}
          />
          <TextField
            label="Git repository"
            name="repo_url"
            mono
            required
            autoFocus={!search.repo}
            value={url}
            placeholder="https://github.com/you/site"
            onChange={(event) => {
              setPicked(null)
              setUrl(event.target.value)
            }}
            onBlur={() => url.trim() !== wanted.url && look({ branch: '', root: '' })}
            error={error('/repo_url') ?? fieldError(inspection.error, '/repo_url')}
            aside={
              !withCredential && (
                <button
                  type="button"
                  className="link min-h-[24px]"
                  onClick={() => setShowCredential(true)}
                >
                  Private repository?
                </button>
              )
            }
          />
          <div className="mt-3" aria-live="polite">
            {inspection.isFetching ? (
              <p className="flex items-center gap-2 text-muted">
                <Spinner /> Looking at the repository…
              </p>
            ) : inspection.error && !fieldError(inspection.error, '/repo_url') ? (
              <ProblemNotice error={inspection.error} />
            ) : found ? (
              <Notice
                tone={found.refused ? 'warn' : 'ok'}
                title={`${frameworkName(found.framework.value)}${found.root_candidates.length > 1 && !root ? `, one of ${found.root_candidates.length} packages` : ''}`}
              >
                {found.framework.reason}
              </Notice>
            ) : null}
          </div>
          {withCredential && (
            <CredentialFields
              value={credential}
              onChange={setCredential}
              onReady={() => look({})}
              error={error('/credential') ?? error('/credential/secret')}
            />
          )}
        </Panel>

        {found && (
          <>
            <Panel title="Project">
              <div className="grid gap-4 sm:grid-cols-2">
                <TextField
                  label="Name"
                  name="name"
                  required
                  maxLength={40}
                  pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?"
                  title="Lower-case letters, digits and hyphens; neither first nor last a hyphen"
                  value={projectName}
                  onChange={(event) => setName(event.target.value.toLowerCase())}
                  error={error('/name')}
                  hint={
                    <>
                      Will be live at{' '}
                      <span className="break-all text-ink" data-testid="address">
                        {addressOf(
                          projectName,
                          instance.data?.data.base_host,
                          instance.data?.data.platform_url,
                        )}
                      </span>
                    </>
                  }
                />
                <SelectField
                  label="Production branch"
                  name="branch"
                  value={branch || found.default_branch}
                  onChange={(event) => {
                    setBranch(event.target.value)
                    look({ branch: event.target.value })
                  }}
                  error={error('/branch')}
                >
                  {[...new Set([found.default_branch, ...found.branches])]
                    .filter(Boolean)
                    .map((each) => (
                      <option key={each}>{each}</option>
                    ))}
                </SelectField>
                <TextField
                  label="Root directory"
                  name="root"
                  mono
                  list="roots"
                  value={root}
                  placeholder="the top of the repository"
                  onChange={(event) => setRoot(event.target.value)}
                  onBlur={() => root !== wanted.root && look({ root })}
                  error={error('/root')}
                  className="sm:col-span-2"
                  hint={
                    found.root_candidates.length > 1
                      ? `Found in this repository: ${found.root_candidates
                          .slice(0, 6)
                          .map((each) => each || 'the top')
                          .join(', ')}`
                      : undefined
                  }
                />
                <datalist id="roots">
                  {found.root_candidates.map((each) => (
                    <option key={each} value={each} />
                  ))}
                </datalist>
              </div>
            </Panel>

            <Panel title="Build">
              <Detected
                plan={found}
                overrides={overrides}
                onChange={setOverrides}
                errorAt={error}
              />
            </Panel>

            <Panel title="Variables">
              <Field
                label="Environment variables"
                aside="optional"
                hint={
                  variables.pairs.length > 0
                    ? `${variables.pairs.length} variable${variables.pairs.length === 1 ? '' : 's'}, sealed; can be changed later.`
                    : 'Paste the contents of a .env file. They are sealed at rest and masked in logs.'
                }
                error={
                  variables.errors[0]
                    ? `Line ${variables.errors[0].line}: ${variables.errors[0].detail}`
                    : error('/variables')
                }
              >
                {(ids) => (
                  <textarea
                    {...ids}
                    name="variables"
                    rows={env ? 6 : 3}
                    spellCheck={false}
                    placeholder={'API_URL=https://api.example.com\nTOKEN=…'}
                    value={env}
                    onChange={(event) => setEnv(event.target.value)}
                    className={areaClass}
                  />
                )}
              </Field>
            </Panel>
          </>
        )}

        {isGeneral(create.error, [
          '/repo_url',
          '/name',
          '/branch',
          '/root',
          '/variables',
          ...planFields.map((f) => `/${f.key}`),
        ]) && <ProblemNotice error={create.error} />}
        <div className="flex justify-end">
          <Button
            type="submit"
            kind="primary"
            size="large"
            icon="rocket"
            disabled={!found || inspection.isFetching}
            busy={create.isPending}
          >
            Deploy
          </Button>
        </div>
      </form>
      {url.trim() === '' && (
        <div className="mt-5">
          <DropProject />
        </div>
      )}
    </div>
  )
}
