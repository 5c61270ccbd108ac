import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'

import { call } from '../api/client'
import { invitationQuery, sessionQuery } from '../api/queries'
import type { OpenInvitation } from '../api/types'
import { ProblemNotice } from '../parts/Broken'
import { Door } from '../parts/Door'
import { fieldError, isGeneral } from '../parts/forms'
import { ProviderButtons } from '../parts/ProviderButtons'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { TextField } from '../ui/Field'
import { Notice } from '../ui/Notice'
import { Loading } from '../ui/Panel'

/** Where the link of an invitation leads: joins a team, with the account that is there or a new one. */
export default function InvitationPage() {
  const { secret } = useParams({ from: pages.invitation })
  const { data, error } = useQuery(invitationQuery(secret))
  const below = data && `As ${data.role}, with the address ${data.email}.`
  return (
    <Door title={data ? `Join ${data.team}` : 'Invitation'} below={below}>
      <title>Invitation · Berth</title>
      {error && <ProblemNotice error={error} />}
      {data && <Ways secret={secret} invitation={data} />}
      {!data && !error && <Loading />}
    </Door>
  )
}

/** One of: join, sign in first, sign in as somebody else, choose a password. */
function Ways({ secret, invitation }: { secret: string; invitation: OpenInvitation }) {
  const { data: session, isPending } = useQuery(sessionQuery)
  if (isPending) return <Loading />
  if (session?.user.email === invitation.email) return <Join secret={secret} />
  if (session)
    return (
      <Notice tone="warn" title={`You are signed in as ${session.user.email}`}>
        The invitation is for {invitation.email}. Sign out and open the link again, or ask for one
        to your own address.
      </Notice>
    )
  if (!invitation.has_account) return <Join secret={secret} email={invitation.email} />
  return (
    <Link to={pages.login} search={{ next: `/invitations/${secret}` }} className="link font-medium">
      Sign in to join
    </Link>
  )
}

/** `email`: of the account that is made; without it, whoever is signed in joins. */
function Join({ secret, email }: { secret: string; email?: string }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const join = useMutation({
    mutationFn: (password: string | undefined) =>
      call(`/invitations/${encodeURIComponent(secret)}`, {
        method: 'POST',
        anonymous: password !== undefined,
        body: password === undefined ? {} : { password },
      }),
    onSuccess: async () => {
      client.clear()
      await navigate({ to: pages.projects })
    },
  })
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault()
        const password = new FormData(event.currentTarget).get('password')
        join.mutate(email ? String(password) : undefined)
      }}
    >
      {email && (
        <>
          <input type="hidden" name="email" value={email} autoComplete="username" />
          <TextField
            label="Password"
            name="password"
            type="password"
            required
            minLength={10}
            autoFocus
            autoComplete="new-password"
            hint="For a new account. At least 10 characters."
            error={fieldError(join.error, '/password')}
          />
        </>
      )}
      {isGeneral(join.error, ['/password']) && <ProblemNotice error={join.error} />}
      <Button type="submit" kind="primary" size="large" busy={join.isPending} className="w-full">
        {email ? 'Make account and join' : 'Join'}
      </Button>
      {email && <ProviderButtons verb="Join with" trip={{ invitation: secret }} />}
    </form>
  )
}
