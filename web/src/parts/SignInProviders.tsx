import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { call, type Problem } from '../api/client'
import { signInProvidersQuery } from '../api/queries'
import type { SignInProvider } from '../api/types'
import { Button } from '../ui/Button'
import { Panel } from '../ui/Panel'
import { toast } from '../ui/Toast'
import { ProviderForm } from './ProviderForm'
import { Chip } from './StateBadge'

const newPeople: Record<SignInProvider['new_people'], string> = {
  nobody: 'no new people',
  invited: 'new people by invitation',
  domains: 'new people of ',
}

/** Whom people may sign in through. Owners of the instance alone see it. */
export function SignInProviders() {
  const { data } = useQuery(signInProvidersQuery)
  const [form, setForm] = useState<SignInProvider | 'new' | null>(null)
  if (!data) return null
  return (
    <Panel
      title="Sign-in providers"
      actions={
        <Button size="small" onClick={() => setForm('new')}>
          Add provider
        </Button>
      }
    >
      {data.items.length === 0 ? (
        <p className="text-muted">
          GitHub, GitLab or any OpenID Connect provider can sign people in, beside passwords and
          passkeys.
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {data.items.map((each) => (
            <Row key={each.id} provider={each} onEdit={() => setForm(each)} />
          ))}
        </ul>
      )}
      {form && (
        <ProviderForm provider={form === 'new' ? null : form} onClose={() => setForm(null)} />
      )}
    </Panel>
  )
}

function Row({ provider, onEdit }: { provider: SignInProvider; onEdit: () => void }) {
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () =>
      call(`/instance/sign-in-providers/${encodeURIComponent(provider.id)}`, { method: 'DELETE' }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['sign-in-providers'] })
      await client.invalidateQueries({ queryKey: ['providers'] })
      toast('Removed; what people linked is kept for when it comes back.')
    },
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2">
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-2 font-medium break-all">
          {provider.name}
          {!provider.enabled && <Chip>off</Chip>}
        </p>
        <p className="text-[12.5px] break-all text-muted">
          {provider.issuer} · {provider.people} linked · {newPeople[provider.new_people]}
          {provider.new_people === 'domains' && provider.domains.join(', ')}
        </p>
      </div>
      <Button size="small" onClick={onEdit} aria-label={`Edit ${provider.name}`}>
        Edit
      </Button>
      <Button
        size="small"
        busy={remove.isPending}
        onClick={() => remove.mutate()}
        aria-label={`Remove ${provider.name}`}
      >
        Remove
      </Button>
    </li>
  )
}
