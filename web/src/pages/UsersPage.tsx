import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { call, type Problem } from '../api/client'
import { sessionQuery, usersQuery } from '../api/queries'
import type { User } from '../api/types'
import { ProblemNotice } from '../parts/Broken'
import { fieldError, isGeneral } from '../parts/forms'
import { Chip } from '../parts/StateBadge'
import { Button } from '../ui/Button'
import { SecretBox } from '../ui/Copy'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { TextField } from '../ui/Field'
import { Icon } from '../ui/Icon'
import { Menu } from '../ui/Menu'
import { Notice } from '../ui/Notice'
import { Loading, PageHead, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'

export default function UsersPage() {
  const { data, error } = useQuery(usersQuery)
  const [adding, setAdding] = useState(false)
  const [secret, setSecret] = useState<{ email: string; password: string } | null>(null)
  if (error)
    return (
      <>
        <title>People · Berth</title>
        <PageHead title="People" />
        <ProblemNotice error={error} />
      </>
    )
  return (
    <div className="max-w-4xl">
      <title>People · Berth</title>
      <PageHead
        title="People"
        below="Who may sign in to this Berth."
        actions={
          <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
            Add person
          </Button>
        }
      />
      {secret && (
        <div className="mb-4">
          <Notice tone="ok" title={`The one-time password of ${secret.email}, shown only now`}>
            <div className="mt-2">
              <SecretBox value={secret.password} label="Copy password" />
            </div>
          </Notice>
        </div>
      )}
      <Panel flush>
        {data ? (
          <ul className="divide-y divide-line">
            {data.items.map((user) => (
              <Row key={user.id} user={user} onSecret={setSecret} />
            ))}
          </ul>
        ) : (
          <Loading />
        )}
      </Panel>
      {adding && (
        <AddUser
          onClose={() => setAdding(false)}
          onMade={(user) => {
            setAdding(false)
            if (user.password) setSecret({ email: user.email, password: user.password })
          }}
        />
      )}
    </div>
  )
}

function Row({
  user,
  onSecret,
}: {
  user: User
  onSecret: (secret: { email: string; password: string }) => void
}) {
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const [asking, setAsking] = useState<'disable' | 'reset' | null>(null)
  const path = `/users/${encodeURIComponent(user.id)}`
  const failed = (error: Problem) => toast(error.message, { bad: true })
  const disable = useMutation({
    mutationFn: (disabled: boolean) => call<User>(path, { method: 'PATCH', body: { disabled } }),
    onSuccess: async () => {
      setAsking(null)
      await client.invalidateQueries({ queryKey: ['users'] })
    },
    onError: failed,
  })
  const reset = useMutation({
    mutationFn: () =>
      call<{ password: string }>(`${path}/reset-password`, { method: 'POST', body: {} }),
    onSuccess: ({ password }) => {
      setAsking(null)
      onSecret({ email: user.email, password })
    },
    onError: failed,
  })
  const me = session?.user.id === user.id
  return (
    <li className="flex items-center gap-x-4 px-4 py-3">
      <span
        aria-hidden="true"
        className="grid size-8 shrink-0 place-items-center rounded-full border border-line bg-raised font-medium text-muted uppercase"
      >
        {user.email[0]}
      </span>
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <span className="break-all">{user.email}</span>
          {me && <Chip tone="ok">You</Chip>}
          {user.disabled && <Chip tone="warn">Disabled</Chip>}
        </p>
        <p className="text-[12.5px] text-muted">
          {user.role} · since <Ago at_ms={user.created_at_ms} />
        </p>
      </div>
      <Menu
        label={`Actions for ${user.email}`}
        trigger={<Icon name="dots" />}
        items={[
          { label: 'Reset password', icon: 'key', onSelect: () => setAsking('reset') },
          !me &&
            user.disabled && {
              label: 'Enable',
              icon: 'check',
              onSelect: () => disable.mutate(false),
            },
          !me &&
            !user.disabled && {
              label: 'Disable',
              icon: 'lock',
              danger: true,
              onSelect: () => setAsking('disable'),
            },
        ]}
      />
      {asking && (
        <Dialog
          title={
            asking === 'disable' ? `Disable ${user.email}?` : `Reset the password of ${user.email}?`
          }
          onClose={() => setAsking(null)}
        >
          <p className="text-muted">
            {asking === 'disable'
              ? 'Sessions and tokens end at once. You can enable the account again.'
              : 'The old password and all sessions end at once; a one-time password is shown to you.'}
          </p>
          <DialogButtons>
            <Button onClick={() => setAsking(null)}>Cancel</Button>
            <Button
              kind="danger"
              busy={disable.isPending || reset.isPending}
              onClick={() => (asking === 'disable' ? disable.mutate(true) : reset.mutate())}
            >
              {asking === 'disable' ? 'Disable' : 'Reset password'}
            </Button>
          </DialogButtons>
        </Dialog>
      )}
    </li>
  )
}

function AddUser({ onClose, onMade }: { onClose: () => void; onMade: (user: User) => void }) {
  const client = useQueryClient()
  const make = useMutation({
    mutationFn: (data: FormData) =>
      call<User>('/users', {
        method: 'POST',
        body: {
          email: String(data.get('email')).trim(),
          ...(data.get('password') && { password: String(data.get('password')) }),
        },
      }),
    onSuccess: async (user) => {
      await client.invalidateQueries({ queryKey: ['users'] })
      onMade(user)
    },
  })
  return (
    <Dialog title="Add a person" onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate(new FormData(event.currentTarget))
        }}
      >
        <TextField
          label="E-mail"
          name="email"
          type="email"
          required
          autoFocus
          autoComplete="off"
          error={fieldError(make.error, '/email')}
        />
        <TextField
          label="Password"
          aside="optional"
          name="password"
          type="password"
          autoComplete="new-password"
          hint="Left empty, Berth makes a one-time password and shows it to you."
          error={fieldError(make.error, '/password')}
        />
        {isGeneral(make.error, ['/email', '/password']) && <ProblemNotice error={make.error} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={make.isPending}>
            Add
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
