import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { call, type Problem } from '../api/client'
import { connectionsQuery } from '../api/queries'
import type { GitConnection, Team } from '../api/types'
import { Button } from '../ui/Button'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { SelectField, TextField } from '../ui/Field'
import { Loading, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'
import { fieldError, isGeneral } from './forms'
import { Chip } from './StateBadge'

export const hostNames: Record<GitConnection['provider'], string> = {
  github: 'GitHub',
  gitlab: 'GitLab',
  gitea: 'Gitea, Forgejo',
}

const placeOf = (team: Team, rest = '') => `/teams/${team.id}/git-connections${rest}`

/** The accounts at Git hosts that a team's projects are read with. */
export function GitConnections({ team, manages }: { team: Team; manages: boolean }) {
  const { data, error } = useQuery(connectionsQuery(team.id))
  const [adding, setAdding] = useState(false)
  return (
    <Panel
      title="Git hosts"
      actions={
        manages && (
          <Button icon="plus" onClick={() => setAdding(true)}>
            Connect
          </Button>
        )
      }
    >
      {error && <ProblemNotice error={error} />}
      {!data && !error && <Loading />}
      {data?.items.length === 0 && (
        <p className="text-muted">
          None yet. Connected, repositories are picked from a list, private ones too, and the host
          is told of each deployment.
        </p>
      )}
      <ul className="divide-y divide-line">
        {data?.items.map((connection) => (
          <Row key={connection.id} team={team} manages={manages} connection={connection} />
        ))}
      </ul>
      {adding && <Connect team={team} onClose={() => setAdding(false)} />}
    </Panel>
  )
}

function Row(props: { team: Team; manages: boolean; connection: GitConnection }) {
  const { team, manages, connection } = props
  const client = useQueryClient()
  const [renewing, setRenewing] = useState(false)
  const remove = useMutation({
    mutationFn: () => call(placeOf(team, `/${connection.id}`), { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries(connectionsQuery(team.id)),
    onError: (problem: Problem) => toast(problem.message, { bad: true }),
  })
  return (
    <li className="flex flex-wrap items-center gap-4 py-2">
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-2 break-all font-medium">
          {connection.account} at {connection.base_url}
          {connection.trouble && <Chip tone="warn">Does not work</Chip>}
        </p>
        <p className="text-[12.5px] text-muted">
          {hostNames[connection.provider]} · by {connection.created_by} ·{' '}
          <Ago at_ms={connection.created_at_ms} />
        </p>
        {connection.trouble && <p className="text-[12.5px] text-bad">{connection.trouble}</p>}
        {connection.missing_scopes.length > 0 && (
          <p className="text-[12.5px] text-bad">
            The token lacks: {connection.missing_scopes.join(', ')}
          </p>
        )}
      </div>
      {manages && (
        <>
          <Button onClick={() => setRenewing(true)}>New token</Button>
          <Button busy={remove.isPending} onClick={() => remove.mutate()}>
            Remove
          </Button>
        </>
      )}
      {renewing && <Renew team={team} connection={connection} onClose={() => setRenewing(false)} />}
    </li>
  )
}

const tokenHints: Record<GitConnection['provider'], string> = {
  github: 'Classic: repo. Fine-grained: contents; webhooks, commit statuses, pull requests.',
  gitlab: 'Scope api, role Maintainer.',
  gitea: 'read:user, and repository and issue to read and write.',
}

function Connect({ team, onClose }: { team: Team; onClose: () => void }) {
  const client = useQueryClient()
  const [provider, setProvider] = useState<GitConnection['provider']>('github')
  const add = useMutation({
    mutationFn: (data: FormData) =>
      call<GitConnection>(placeOf(team), {
        method: 'POST',
        body: {
          provider,
          base_url: String(data.get('base_url')).trim(),
          token: String(data.get('token')).trim(),
        },
      }),
    onSuccess: async () => {
      await client.invalidateQueries(connectionsQuery(team.id))
      onClose()
    },
  })
  return (
    <Dialog title="Connect a Git host" onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          add.mutate(new FormData(event.currentTarget))
        }}
      >
        <SelectField
          label="Host"
          name="provider"
          value={provider}
          onChange={(event) => setProvider(event.target.value as GitConnection['provider'])}
        >
          {Object.entries(hostNames).map(([each, name]) => (
            <option key={each} value={each}>
              {name}
            </option>
          ))}
        </SelectField>
        <TextField
          label="Address"
          name="base_url"
          type="url"
          required={provider === 'gitea'}
          aside={provider === 'gitea' ? undefined : 'of your own host'}
          placeholder={provider === 'gitea' ? 'https://git.example' : `https://${provider}.com`}
          error={fieldError(add.error, '/base_url')}
        />
        <TextField
          label="Token"
          name="token"
          type="password"
          required
          autoComplete="off"
          hint={tokenHints[provider]}
          error={fieldError(add.error, '/token')}
        />
        {isGeneral(add.error, ['/base_url', '/token']) && <ProblemNotice error={add.error} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={add.isPending}>
            Connect
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}

function Renew(props: { team: Team; connection: GitConnection; onClose: () => void }) {
  const { team, connection, onClose } = props
  const client = useQueryClient()
  const renew = useMutation({
    mutationFn: (token: string) =>
      call(placeOf(team, `/${connection.id}/token`), { method: 'PUT', body: { token } }),
    onSuccess: async () => {
      await client.invalidateQueries(connectionsQuery(team.id))
      onClose()
    },
  })
  return (
    <Dialog title={`A new token for ${connection.account}`} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          renew.mutate(String(new FormData(event.currentTarget).get('token')).trim())
        }}
      >
        <TextField
          label="Token"
          name="token"
          type="password"
          required
          autoComplete="off"
          hint={tokenHints[connection.provider]}
          error={fieldError(renew.error, '/token')}
        />
        {isGeneral(renew.error, ['/token']) && <ProblemNotice error={renew.error} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={renew.isPending}>
            Use it
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
