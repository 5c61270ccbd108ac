import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { call, Problem } from '../api/client'
import { passkeysQuery } from '../api/queries'
import type { Passkey, PasskeyWish } from '../api/types'
import { Button } from '../ui/Button'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { TextField } from '../ui/Field'
import { Icon } from '../ui/Icon'
import { Notice } from '../ui/Notice'
import { Loading, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'
import { hasPasskeys, makePasskey, wordsOf } from '../webauthn'
import { ProblemNotice } from './Broken'
import { OwnPassword } from './OwnPassword'

/** Those of the person who looks: added, named and removed here. */
export function Passkeys() {
  const { data, error } = useQuery(passkeysQuery)
  const [adding, setAdding] = useState(false)
  return (
    <Panel
      title="Passkeys"
      className="mt-5"
      actions={
        hasPasskeys() && (
          <Button size="small" onClick={() => setAdding(true)}>
            Add passkey
          </Button>
        )
      }
    >
      {error && <ProblemNotice error={error} />}
      {!data ? (
        !error && <Loading rows={2} />
      ) : data.items.length === 0 ? (
        <p className="text-muted">
          {hasPasskeys()
            ? 'With one you sign in by fingerprint, face, PIN or security key, without a password.'
            : 'Browsers have them only over https, or on this machine itself.'}
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {data.items.map((passkey) => (
            <Row key={passkey.id} passkey={passkey} />
          ))}
        </ul>
      )}
      {adding && <Add onClose={() => setAdding(false)} />}
    </Panel>
  )
}

function Row({ passkey }: { passkey: Passkey }) {
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () =>
      call(`/auth/passkeys/${encodeURIComponent(passkey.id)}`, { method: 'DELETE' }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['passkeys'] })
      toast('Removed; it signs nobody in any more.')
    },
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2">
      <Icon name="key" className="size-5 text-muted" />
      <div className="min-w-0 grow">
        <p className="font-medium break-all">{passkey.name}</p>
        <p className="text-[12.5px] text-muted">
          made <Ago at_ms={passkey.created_at_ms} /> ·{' '}
          {passkey.last_used_ms ? (
            <>
              used <Ago at_ms={passkey.last_used_ms} />
            </>
          ) : (
            'never used'
          )}
        </p>
      </div>
      <Button size="small" busy={remove.isPending} onClick={() => remove.mutate()}>
        Remove
      </Button>
    </li>
  )
}

function Add({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const add = useMutation({
    mutationFn: async (data: FormData) => {
      const wish = await call<PasskeyWish>('/auth/passkey-options', {
        method: 'POST',
        body: { password: String(data.get('password')) },
      })
      const made = await makePasskey(wish)
      if (!made) throw new Error('No passkey came.')
      return call<Passkey>('/auth/passkeys', {
        method: 'POST',
        body: { name: String(data.get('name')).trim(), ...made },
      })
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['passkeys'] })
      onClose()
    },
  })
  return (
    <Dialog title="Add a passkey" onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          add.mutate(new FormData(event.currentTarget))
        }}
      >
        <TextField label="Name" name="name" required maxLength={100} placeholder="my phone" />
        <OwnPassword />
        {add.error &&
          (add.error instanceof Problem ? (
            <ProblemNotice error={add.error} />
          ) : (
            <Notice tone="warn" title={wordsOf(add.error)} />
          ))}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={add.isPending}>
            Add
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
