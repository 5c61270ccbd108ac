import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'

import { call, type Problem } from '../api/client'
import { allProjectsQuery, tokensQuery } from '../api/queries'
import type { Token } from '../api/types'
import { dayOf } from '../format'
import { ProblemNotice } from '../parts/Broken'
import { fieldError, isGeneral } from '../parts/forms'
import { Chip } from '../parts/StateBadge'
import { pages } from '../paths'
import { Button, buttonClass } from '../ui/Button'
import { SecretBox } from '../ui/Copy'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { SelectField, TextField } from '../ui/Field'
import { Icon } from '../ui/Icon'
import { Notice } from '../ui/Notice'
import { Empty, Loading, PageHead, Panel } from '../ui/Panel'
import { Ago, useNow } from '../ui/Time'
import { toast } from '../ui/Toast'

const day = 24 * 3_600_000

export default function TokensPage() {
  const { data, error } = useQuery(tokensQuery)
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<Token | null>(null)
  if (error) return <ProblemNotice error={error} />
  return (
    <div className="max-w-4xl">
      <title>Access tokens · Berth</title>
      <PageHead
        title="Access tokens"
        below="For scripts, CI and the command line. A token can do what you can, within its scope."
        actions={
          <>
            <Link to={pages.reference} className={buttonClass()}>
              API reference
            </Link>
            <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>
              New token
            </Button>
          </>
        }
      />
      {made?.token && (
        <div className="mb-4">
          <Notice tone="ok" title={`“${made.name}” is made. Its value is shown only now.`}>
            <div className="mt-2">
              <SecretBox value={made.token} label="Copy token" />
            </div>
          </Notice>
        </div>
      )}
      <Panel flush>
        {!data ? (
          <Loading />
        ) : data.items.length === 0 ? (
          <Empty icon="key" title="No tokens">
            Make one to use Berth from CI:{' '}
            <code className="font-mono">BERTH_TOKEN=… berth deploy</code>
          </Empty>
        ) : (
          <ul className="divide-y divide-line">
            {data.items.map((token) => (
              <Row key={token.id} token={token} />
            ))}
          </ul>
        )}
      </Panel>
      {making && (
        <NewToken
          onClose={() => setMaking(false)}
          onMade={(token) => {
            setMaking(false)
            setMade(token)
          }}
        />
      )}
    </div>
  )
}

function Row({ token }: { token: Token }) {
  const client = useQueryClient()
  const now = useNow()
  const [asking, setAsking] = useState(false)
  const projects = useQuery(allProjectsQuery)
  const revoke = useMutation({
    mutationFn: () => call(`/tokens/${encodeURIComponent(token.id)}`, { method: 'DELETE' }),
    onSuccess: async () => {
      setAsking(false)
      await client.invalidateQueries({ queryKey: ['tokens'] })
      toast('Revoked.')
    },
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  const expired = token.expires_at_ms !== null && token.expires_at_ms <= now
  const nameOf = (id: string) => projects.data?.find((each) => each.id === id)?.name ?? id
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
      <Icon name="key" className="size-5 text-muted" />
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <span className="break-all">{token.name}</span>
          <Chip tone={token.scope === 'admin' ? 'warn' : 'plain'}>{token.scope}</Chip>
          {token.projects.map((id) => (
            <Chip key={id}>{nameOf(id)}</Chip>
          ))}
          {expired && <Chip tone="warn">expired</Chip>}
        </p>
        <p className="text-[12.5px] text-muted">
          made <Ago at_ms={token.created_at_ms} /> ·{' '}
          {token.last_used_ms ? (
            <>
              used <Ago at_ms={token.last_used_ms} />
              {token.last_used_address && ` from ${token.last_used_address}`}
            </>
          ) : (
            'never used'
          )}{' '}
          · {token.expires_at_ms ? `until ${dayOf(token.expires_at_ms)}` : 'does not expire'}
        </p>
      </div>
      <Button size="small" onClick={() => setAsking(true)}>
        Revoke
      </Button>
      {asking && (
        <Dialog title={`Revoke “${token.name}”?`} onClose={() => setAsking(false)}>
          <p className="text-muted">What uses it is refused from now on. This cannot be undone.</p>
          <DialogButtons>
            <Button onClick={() => setAsking(false)}>Keep it</Button>
            <Button kind="danger" busy={revoke.isPending} onClick={() => revoke.mutate()}>
              Revoke
            </Button>
          </DialogButtons>
        </Dialog>
      )}
    </li>
  )
}

function NewToken({ onClose, onMade }: { onClose: () => void; onMade: (token: Token) => void }) {
  const client = useQueryClient()
  const projects = useQuery(allProjectsQuery)
  const make = useMutation({
    mutationFn: (data: FormData) => {
      const days = Number(data.get('days'))
      const chosen = data.getAll('projects').map(String)
      return call<Token>('/tokens', {
        method: 'POST',
        body: {
          name: String(data.get('name')).trim(),
          scope: String(data.get('scope')),
          ...(chosen.length > 0 && { projects: chosen }),
          ...(days > 0 && { expires_at_ms: Date.now() + days * day }),
        },
      })
    },
    onSuccess: async (token) => {
      await client.invalidateQueries({ queryKey: ['tokens'] })
      onMade(token)
    },
  })
  return (
    <Dialog title="New access token" onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate(new FormData(event.currentTarget))
        }}
      >
        <TextField
          label="Name"
          name="name"
          required
          maxLength={100}
          autoFocus
          placeholder="ci"
          error={fieldError(make.error, '/name')}
        />
        <SelectField
          label="Scope"
          name="scope"
          defaultValue="deploy"
          error={fieldError(make.error, '/scope')}
        >
          <option value="read">Read: look at everything you can see</option>
          <option value="deploy">Deploy: read, deploy, cancel, roll back</option>
          <option value="admin">Admin: everything you can do</option>
        </SelectField>
        <fieldset>
          <legend className="font-medium">Projects</legend>
          <p className="mb-1 text-[12.5px] text-muted">None chosen: all of them, and your teams.</p>
          <ul className="max-h-40 overflow-auto rounded-md border border-line px-2.5 py-1">
            {projects.data?.map((project) => (
              <li key={project.id}>
                <label className="flex min-h-[28px] items-center gap-2">
                  <input
                    type="checkbox"
                    name="projects"
                    value={project.id}
                    className="size-4 accent-(--accent)"
                  />
                  <span className="break-all">{project.name}</span>
                </label>
              </li>
            ))}
          </ul>
          {fieldError(make.error, '/projects') && (
            <p className="mt-1 text-[12.5px] text-bad">{fieldError(make.error, '/projects')}</p>
          )}
        </fieldset>
        <SelectField
          label="Expires"
          name="days"
          defaultValue="90"
          error={fieldError(make.error, '/expires_at_ms')}
        >
          <option value="7">in 7 days</option>
          <option value="30">in 30 days</option>
          <option value="90">in 90 days</option>
          <option value="365">in a year</option>
          <option value="0">never</option>
        </SelectField>
        {isGeneral(make.error, ['/name', '/scope', '/projects', '/expires_at_ms']) && (
          <ProblemNotice error={make.error} />
        )}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={make.isPending}>
            Make token
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
