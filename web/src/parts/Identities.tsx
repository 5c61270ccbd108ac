import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { call, type Problem } from '../api/client'
import { identitiesQuery, providersQuery } from '../api/queries'
import type { LinkedIdentity, ProviderButton } from '../api/types'
import { linkThere } from '../provider'
import { Button } from '../ui/Button'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { Icon } from '../ui/Icon'
import { Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'
import { OwnPassword } from './OwnPassword'

/** Accounts elsewhere that sign in to this one. Nothing where there is neither one nor a provider. */
export function Identities() {
  const { data, error } = useQuery(identitiesQuery)
  const providers = useQuery(providersQuery)
  const [linking, setLinking] = useState<ProviderButton | null>(null)
  const buttons = providers.data?.items ?? []
  if (error) return <ProblemNotice error={error} />
  if (!data || (data.items.length === 0 && buttons.length === 0)) return null
  return (
    <Panel
      title="Linked accounts"
      className="mt-5"
      actions={buttons.map((each) => (
        <Button key={each.id} size="small" onClick={() => setLinking(each)}>
          Link {each.name}
        </Button>
      ))}
    >
      {data.items.length === 0 ? (
        <p className="text-muted">Link one to sign in through it.</p>
      ) : (
        <ul className="divide-y divide-line">
          {data.items.map((each) => (
            <Row key={each.id} identity={each} />
          ))}
        </ul>
      )}
      {linking && <Ask provider={linking} onClose={() => setLinking(null)} />}
    </Panel>
  )
}

function Row({ identity }: { identity: LinkedIdentity }) {
  const client = useQueryClient()
  const unlink = useMutation({
    mutationFn: () =>
      call(`/auth/identities/${encodeURIComponent(identity.id)}`, { method: 'DELETE' }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['identities'] })
      toast('Unlinked; it signs nobody in any more.')
    },
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2">
      <Icon name="key" className="size-5 text-muted" />
      <div className="min-w-0 grow">
        <p className="font-medium break-all">
          {identity.provider ?? identity.issuer}
          {identity.email && ` · ${identity.email}`}
        </p>
        <p className="text-[12.5px] text-muted">
          {identity.provider === null && 'no provider of this instance any more · '}
          linked <Ago at_ms={identity.created_at_ms} />
          {identity.last_used_ms !== null && (
            <>
              {' · used '}
              <Ago at_ms={identity.last_used_ms} />
            </>
          )}
        </p>
      </div>
      <Button size="small" busy={unlink.isPending} onClick={() => unlink.mutate()}>
        Unlink
      </Button>
    </li>
  )
}

function Ask({ provider, onClose }: { provider: ProviderButton; onClose: () => void }) {
  const leave = useMutation({
    mutationFn: (data: FormData) => linkThere(provider.id, String(data.get('password'))),
  })
  return (
    <Dialog title={`Link ${provider.name}`} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          leave.mutate(new FormData(event.currentTarget))
        }}
      >
        <p className="text-muted">
          You sign in there, and come back. From then on it opens this account.
        </p>
        <OwnPassword autoFocus />
        {leave.error && <ProblemNotice error={leave.error} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={leave.isPending}>
            Go there
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
