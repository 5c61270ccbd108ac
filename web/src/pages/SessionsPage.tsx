import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'

import { call, Problem } from '../api/client'
import { sessionQuery, sessionsQuery } from '../api/queries'
import type { SessionRow } from '../api/types'
import { ProblemNotice } from '../parts/Broken'
import { fieldError, isGeneral } from '../parts/forms'
import { Identities } from '../parts/Identities'
import { Passkeys } from '../parts/Passkeys'
import { SecondFactor } from '../parts/SecondFactor'
import { Chip } from '../parts/StateBadge'
import { Button } from '../ui/Button'
import { TextField } from '../ui/Field'
import { Icon } from '../ui/Icon'
import { Loading, PageHead, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'

/** "Firefox on Linux" out of a user agent; the CLI and others as they call themselves. */
export const device = (agent: string): string => {
  const browser = /Edg\//.test(agent)
    ? 'Edge'
    : /Firefox\//.test(agent)
      ? 'Firefox'
      : /Chrome\//.test(agent)
        ? 'Chrome'
        : /Safari\//.test(agent)
          ? 'Safari'
          : null
  const system = /iPhone|iPad/.test(agent)
    ? 'iOS'
    : /Android/.test(agent)
      ? 'Android'
      : /Mac OS/.test(agent)
        ? 'macOS'
        : /Windows/.test(agent)
          ? 'Windows'
          : /Linux/.test(agent)
            ? 'Linux'
            : null
  if (browser) return system ? `${browser} on ${system}` : browser
  return agent.split(' ')[0] || 'Unknown'
}

export default function SessionsPage() {
  const { data, error } = useQuery(sessionsQuery)
  if (error) return <ProblemNotice error={error} />
  return (
    <div className="max-w-3xl">
      <title>Sessions · Berth</title>
      <PageHead title="Sessions" below="Where you are signed in. Ending one works at once." />
      <Panel flush>
        {data ? (
          <ul className="divide-y divide-line">
            {data.items.map((session) => (
              <Row key={session.id} session={session} />
            ))}
          </ul>
        ) : (
          <Loading />
        )}
      </Panel>
      <Password />
      <SecondFactor />
      <Identities />
      <Passkeys />
    </div>
  )
}

/** Changing it ends every other session. */
function Password() {
  const client = useQueryClient()
  const form = useRef<HTMLFormElement>(null)
  const has_password = useQuery(sessionQuery).data?.has_password !== false
  const change = useMutation({
    mutationFn: (data: FormData) =>
      call('/auth/password', {
        method: 'POST',
        body: { current: String(data.get('current') ?? ''), new: String(data.get('new')) },
      }),
    onSuccess: async () => {
      form.current?.reset()
      await client.invalidateQueries({ queryKey: ['session'] })
      await client.invalidateQueries({ queryKey: ['sessions'] })
      toast('Password changed; other sessions are ended.')
    },
  })
  const wrong = change.error instanceof Problem && change.error.body.code === 'wrong_password'
  return (
    <Panel title="Password" className="mt-5">
      <form
        ref={form}
        className="grid items-start gap-4 sm:grid-cols-2"
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate(new FormData(event.currentTarget))
        }}
      >
        {has_password && (
          <TextField
            label="Current password"
            name="current"
            type="password"
            required
            autoComplete="current-password"
            error={wrong ? change.error?.message : fieldError(change.error, '/current')}
          />
        )}
        <TextField
          label="New password"
          name="new"
          type="password"
          required
          minLength={10}
          autoComplete="new-password"
          hint="At least 10 characters."
          error={fieldError(change.error, '/new') ?? fieldError(change.error, '/password')}
        />
        {!wrong && isGeneral(change.error, ['/current', '/new', '/password']) && (
          <div className="sm:col-span-2">
            <ProblemNotice error={change.error} />
          </div>
        )}
        <div className="flex justify-end sm:col-span-2">
          <Button type="submit" busy={change.isPending}>
            {has_password ? 'Change password' : 'Choose a password'}
          </Button>
        </div>
      </form>
    </Panel>
  )
}

function Row({ session }: { session: SessionRow }) {
  const client = useQueryClient()
  const end = useMutation({
    mutationFn: () => call(`/sessions/${encodeURIComponent(session.id)}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['sessions'] }),
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
      <Icon name="device" className="size-5 text-muted" />
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-2 font-medium" title={session.user_agent}>
          {device(session.user_agent)}
          {session.current && <Chip tone="ok">This one</Chip>}
        </p>
        <p className="text-[12.5px] text-muted">
          {session.address} · active <Ago at_ms={session.last_seen_ms} /> · since{' '}
          <Ago at_ms={session.created_at_ms} />
        </p>
      </div>
      {!session.current && (
        <Button size="small" busy={end.isPending} onClick={() => end.mutate()}>
          End
        </Button>
      )}
    </li>
  )
}
