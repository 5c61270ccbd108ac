import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'

import { refreshProject } from '../api/actions'
import { call, callVersioned, type Problem } from '../api/client'
import { projectQuery, shareLinksQuery } from '../api/queries'
import type { NewShareLink, Project, ShareLink, SiteAccess } from '../api/types'
import { dayOf } from '../format'
import { Button } from '../ui/Button'
import { SecretBox } from '../ui/Copy'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { areaClass, Field, SelectField, TextField } from '../ui/Field'
import { Notice } from '../ui/Notice'
import { Loading, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'
import { fieldError, focusFirstError, isGeneral } from './forms'

type Who = SiteAccess['previews']

const words: Record<Who, string> = {
  everybody: 'Everybody',
  members: 'Members of the team, signed in',
  password: 'Whoever knows the password, and members',
}
const part = encodeURIComponent

/** Who may visit the project's sites, and the links that let others in for a time. */
export function Visitors({ project, etag }: { project: Project; etag: string | null }) {
  const { access } = project
  const closed = access.previews !== 'everybody' || access.production !== 'everybody'
  return (
    <>
      <WhoMayVisit
        key={`${access.previews} ${access.production} ${etag}`}
        project={project}
        etag={etag}
      />
      <Roles key={`roles ${etag}`} project={project} etag={etag} />
      {closed && <ShareLinks project={project} />}
    </>
  )
}

function WhoMayVisit({ project, etag }: { project: Project; etag: string | null }) {
  const client = useQueryClient()
  const form = useRef<HTMLFormElement>(null)
  const [previews, setPreviews] = useState<Who>(project.access.previews)
  const [production, setProduction] = useState<Who>(project.access.production)
  const save = useMutation({
    mutationFn: (password: string) =>
      callVersioned<Project>(`/projects/${part(project.id)}`, {
        method: 'PATCH',
        etag,
        body: { access: { previews, production, ...(password && { password }) } },
      }),
    onSuccess: async (saved) => {
      client.setQueryData(projectQuery(saved.data.name).queryKey, saved)
      await refreshProject(client)
      toast('Saved. The sites answer so from now on.')
    },
    onError: () => focusFirstError(form.current),
  })
  const asks = previews === 'password' || production === 'password'
  const { has_password } = project.access
  const choices = Object.entries(words).map(([who, word]) => (
    <option key={who} value={who}>
      {word}
    </option>
  ))
  return (
    <Panel title="Who may visit">
      <form
        ref={form}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate(String(new FormData(event.currentTarget).get('password') ?? ''))
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField
            label="Previews"
            hint="Every address but production’s."
            value={previews}
            onChange={(event) => setPreviews(event.target.value as Who)}
            error={fieldError(save.error, '/access/previews')}
          >
            {choices}
          </SelectField>
          <SelectField
            label="Production"
            value={production}
            onChange={(event) => setProduction(event.target.value as Who)}
            error={fieldError(save.error, '/access/production')}
          >
            {choices}
          </SelectField>
          {asks && (
            <TextField
              label={has_password ? 'New password' : 'Password'}
              name="password"
              type="password"
              autoComplete="new-password"
              required={!has_password}
              minLength={10}
              maxLength={1024}
              hint={
                has_password
                  ? 'Left empty, the one that is set stays. It is never shown.'
                  : 'At least 10 characters. It is never shown again.'
              }
              error={fieldError(save.error, '/access/password')}
            />
          )}
        </div>
        {isGeneral(save.error, ['/access/previews', '/access/production', '/access/password']) && (
          <div className="mt-4">
            <ProblemNotice error={save.error} />
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

/** The key of the tokens that Role rules ask for. */
function Roles({ project, etag }: { project: Project; etag: string | null }) {
  const client = useQueryClient()
  const form = useRef<HTMLFormElement>(null)
  const save = useMutation({
    mutationFn: (role_key: string) =>
      callVersioned<Project>(`/projects/${part(project.id)}`, {
        method: 'PATCH',
        etag,
        body: { access: { role_key } },
      }),
    onSuccess: async (saved) => {
      client.setQueryData(projectQuery(saved.data.name).queryKey, saved)
      await refreshProject(client)
      toast(
        saved.data.access.role_key ? 'Saved. Roles hold from now on.' : 'Nobody has a role now.',
      )
    },
    onError: () => focusFirstError(form.current),
  })
  return (
    <Panel title="Roles">
      <form
        ref={form}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate(String(new FormData(event.currentTarget).get('role_key') ?? '').trim())
        }}
      >
        <Field
          label="Public key"
          hint="PEM, of your identity provider: P-256 or RSA. Rules with Role= hold for visitors whose nf_jwt cookie it signed. Empty: for nobody."
          error={fieldError(save.error, '/access/role_key')}
        >
          {(ids) => (
            <textarea
              {...ids}
              name="role_key"
              rows={4}
              spellCheck={false}
              maxLength={4096}
              defaultValue={project.access.role_key}
              placeholder="-----BEGIN PUBLIC KEY-----"
              className={areaClass}
            />
          )}
        </Field>
        {isGeneral(save.error, ['/access/role_key']) && (
          <div className="mt-4">
            <ProblemNotice error={save.error} />
          </div>
        )}
        <div className="mt-4 flex justify-end">
          <Button type="submit" busy={save.isPending}>
            Save key
          </Button>
        </div>
      </form>
    </Panel>
  )
}

function ShareLinks({ project }: { project: Project }) {
  const { data, error } = useQuery(shareLinksQuery(project.id))
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<NewShareLink | null>(null)
  const out = useMutation({
    mutationFn: () =>
      call<void>(`/projects/${part(project.id)}/visitors/sign-out`, { method: 'POST', body: {} }),
    onSuccess: () => toast('Everybody is signed out. Share links can be used again.'),
    onError: (problem: Problem) => toast(problem.message, { bad: true }),
  })
  return (
    <Panel
      title="Share links"
      actions={
        <>
          <Button size="small" busy={out.isPending} onClick={() => out.mutate()}>
            Sign all visitors out
          </Button>
          <Button size="small" icon="plus" onClick={() => setMaking(true)}>
            New link
          </Button>
        </>
      }
    >
      {made && (
        <div className="mb-4">
          <Notice tone="ok" title="The link is made. It is shown only now.">
            <div className="mt-2">
              <SecretBox value={made.url} label="Copy link" />
            </div>
          </Notice>
        </div>
      )}
      {error && <ProblemNotice error={error} />}
      {!data && !error && <Loading rows={2} />}
      {data?.items.length === 0 && (
        <p className="text-muted">
          None. A link lets whoever has it visit one address, without an account, for a time.
        </p>
      )}
      {data && data.items.length > 0 && (
        <ul className="divide-y divide-line">
          {data.items.map((link) => (
            <LinkRow key={link.id} project={project} link={link} />
          ))}
        </ul>
      )}
      {making && (
        <NewLink
          project={project}
          onClose={() => setMaking(false)}
          onMade={(link) => {
            setMaking(false)
            setMade(link)
          }}
        />
      )}
    </Panel>
  )
}

function LinkRow({ project, link }: { project: Project; link: ShareLink }) {
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () =>
      call<void>(`/projects/${part(project.id)}/share-links/${part(link.id)}`, {
        method: 'DELETE',
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['share-links', project.id] })
      toast('Revoked. Who came in by it is out.')
    },
    onError: (problem: Problem) => toast(problem.message, { bad: true }),
  })
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-3">
      <div className="min-w-0 grow">
        <p className="font-medium break-all">{link.host}</p>
        <p className="text-[12.5px] text-muted">
          made <Ago at_ms={link.created_at_ms} /> by {link.created_by} ·{' '}
          {link.last_used_ms ? (
            <>
              used <Ago at_ms={link.last_used_ms} />
            </>
          ) : (
            'never used'
          )}{' '}
          · until {dayOf(link.expires_at_ms)}
        </p>
      </div>
      <Button
        size="small"
        busy={revoke.isPending}
        aria-label={`Revoke the link to ${link.host}`}
        onClick={() => revoke.mutate()}
      >
        Revoke
      </Button>
    </li>
  )
}

function NewLink({
  project,
  onClose,
  onMade,
}: {
  project: Project
  onClose: () => void
  onMade: (link: NewShareLink) => void
}) {
  const client = useQueryClient()
  const make = useMutation({
    mutationFn: (data: FormData) =>
      call<NewShareLink>(`/projects/${part(project.id)}/share-links`, {
        method: 'POST',
        body: {
          host: String(data.get('host')).trim(),
          expires_in_s: Number(data.get('days')) * 24 * 3600,
        },
      }),
    onSuccess: async (link) => {
      await client.invalidateQueries({ queryKey: ['share-links', project.id] })
      onMade(link)
    },
  })
  return (
    <Dialog title="New share link" onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate(new FormData(event.currentTarget))
        }}
      >
        <TextField
          label="Address"
          name="host"
          mono
          required
          defaultValue={new URL(project.url).hostname}
          hint="Production’s, or that of a branch or a deployment."
          error={fieldError(make.error, '/host')}
        />
        <SelectField
          label="Works for"
          name="days"
          defaultValue="7"
          error={fieldError(make.error, '/expires_in_s')}
        >
          <option value="1">a day</option>
          <option value="7">7 days</option>
          <option value="30">30 days</option>
          <option value="90">90 days</option>
        </SelectField>
        {isGeneral(make.error, ['/host', '/expires_in_s']) && <ProblemNotice error={make.error} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={make.isPending}>
            Make link
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
