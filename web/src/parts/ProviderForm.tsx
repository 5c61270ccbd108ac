import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { callVersioned } from '../api/client'
import type { SignInProvider } from '../api/types'
import { Button } from '../ui/Button'
import { SecretBox } from '../ui/Copy'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { SelectField, Switch, TextField } from '../ui/Field'
import { ProblemNotice } from './Broken'
import { fieldError, isGeneral } from './forms'

const path = '/instance/sign-in-providers'
const fields = ['/id', '/name', '/issuer', '/client_id', '/client_secret', '/domains']
const names = { github: 'GitHub', gitlab: 'GitLab', oidc: '' }

/** Adds one, or changes it: its id stays, since the provider knows it in an address. */
export function ProviderForm({
  provider,
  onClose,
}: {
  provider: SignInProvider | null
  onClose: () => void
}) {
  const client = useQueryClient()
  const [kind, setKind] = useState(provider?.kind ?? 'github')
  const [id, setId] = useState(provider?.id ?? '')
  const [people, setPeople] = useState(provider?.new_people ?? 'nobody')
  const [enabled, setEnabled] = useState(provider?.enabled ?? true)
  const save = useMutation({
    mutationFn: (data: FormData) => {
      const text = (name: string) => String(data.get(name) ?? '').trim()
      const secret = text('client_secret')
      const body = {
        kind,
        name: text('name'),
        client_id: text('client_id'),
        new_people: people,
        domains: text('domains')
          .split(/[\s,]+/)
          .filter(Boolean),
        enabled,
        ...(text('issuer') && { issuer: text('issuer') }),
        ...(secret && { client_secret: secret }),
      }
      return provider
        ? callVersioned(`${path}/${encodeURIComponent(provider.id)}`, {
            method: 'PUT',
            etag: `"${provider.version}"`,
            body,
          })
        : callVersioned(path, { method: 'POST', body: { id, ...body } })
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['sign-in-providers'] })
      await client.invalidateQueries({ queryKey: ['providers'] })
      onClose()
    },
  })
  const at = (name: string) => fieldError(save.error, `/${name}`)
  return (
    <Dialog title={provider ? `Change ${provider.name}` : 'Add a provider'} onClose={onClose} wide>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate(new FormData(event.currentTarget))
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField
            label="Kind"
            value={kind}
            onChange={(event) => setKind(event.target.value as SignInProvider['kind'])}
          >
            <option value="github">GitHub</option>
            <option value="gitlab">GitLab</option>
            <option value="oidc">OpenID Connect</option>
          </SelectField>
          <TextField
            key={kind}
            label="Name"
            name="name"
            required
            maxLength={100}
            hint="On the button."
            defaultValue={provider?.name ?? names[kind]}
            error={at('name')}
          />
          {!provider && (
            <TextField
              label="Id"
              required
              mono
              value={id}
              onChange={(event) => setId(event.target.value)}
              hint="Part of the address below; stays."
              error={at('id')}
            />
          )}
          <TextField
            label="Issuer"
            name="issuer"
            mono
            required={kind === 'oidc'}
            placeholder={kind === 'oidc' ? 'https://login.example' : `https://${kind}.com`}
            defaultValue={provider?.issuer}
            error={at('issuer')}
          />
          <TextField
            label="Client id"
            name="client_id"
            required
            mono
            autoComplete="off"
            defaultValue={provider?.client_id}
            error={at('client_id')}
          />
          <TextField
            label="Client secret"
            name="client_secret"
            type="password"
            autoComplete="new-password"
            placeholder={provider?.has_secret ? 'sealed; type to replace' : undefined}
            error={at('client_secret')}
          />
          <SelectField
            label="New people"
            value={people}
            onChange={(event) => setPeople(event.target.value as SignInProvider['new_people'])}
          >
            <option value="nobody">Nobody: accounts that are here link it</option>
            <option value="invited">Who is invited</option>
            <option value="domains">Also verified addresses of domains</option>
          </SelectField>
          {people === 'domains' && (
            <TextField
              label="Domains"
              name="domains"
              required
              mono
              placeholder="example.org"
              defaultValue={provider?.domains.join(', ')}
              error={at('domains')}
            />
          )}
        </div>
        <Switch label="People may sign in through it" checked={enabled} onChange={setEnabled} />
        {id && (
          <div>
            <p className="mb-1 text-muted">The provider is to send people back to:</p>
            <SecretBox
              value={provider?.redirect_url ?? `${location.origin}/login/callback/${id}`}
              label="Copy address"
            />
          </div>
        )}
        {isGeneral(save.error, fields) && <ProblemNotice error={save.error} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={save.isPending}>
            Save
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
