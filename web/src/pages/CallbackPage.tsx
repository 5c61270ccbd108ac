import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useParams, useRouter } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'

import { call, Problem } from '../api/client'
import { ProblemNotice } from '../parts/Broken'
import { Door } from '../parts/Door'
import { pages } from '../paths'
import { endTrip, returnOf, tripOf } from '../provider'
import { Button } from '../ui/Button'
import { TextField } from '../ui/Field'
import { Notice } from '../ui/Notice'
import { Loading } from '../ui/Panel'
import { toast } from '../ui/Toast'
import { safeNext } from './LoginPage'

/** Where a sign-in provider sends the browser back to. The code is used once, and leaves the address. */
export default function CallbackPage() {
  const { provider } = useParams({ from: pages.callback })
  const client = useQueryClient()
  const router = useRouter()
  const [back] = useState(() => returnOf(location.search))
  const [trip] = useState(() => tripOf())
  const begun = useRef(false)
  const finish = useMutation({
    mutationFn: (second_factor: string | undefined) => {
      const { state, issuer } = back
      // A code was used up when a second factor is asked for.
      const code = second_factor === undefined ? back.code : undefined
      return trip.link
        ? call('/auth/identity-return', {
            method: 'POST',
            body: { provider, state, code, issuer },
          })
        : call(`/auth/providers/${encodeURIComponent(provider)}/complete`, {
            method: 'POST',
            anonymous: true,
            body: { state, code, issuer, second_factor, invitation: trip.invitation },
          })
    },
    onSuccess: async () => {
      endTrip()
      client.clear()
      if (trip.link) toast('Linked.')
      router.history.replace(trip.link ? pages.sessions : safeNext(trip.next))
    },
  })
  useEffect(() => {
    if (begun.current || back.error) return
    begun.current = true
    history.replaceState(history.state, '', location.pathname)
    finish.mutate(undefined)
  }, [finish.mutate, back.error])

  const code = finish.error instanceof Problem ? finish.error.body.code : ''
  const asksCode = code === 'second_factor_needed' || code === 'wrong_code'
  const failed = back.error !== null || (finish.error && !asksCode)
  return (
    <Door title={trip.link ? 'Linking' : 'Signing in'}>
      <title>Sign in · Berth</title>
      {back.error !== null && (
        <Notice tone="warn" title="You did not sign in there">
          The provider sent you back without an answer ({back.error.slice(0, 100)}).
        </Notice>
      )}
      {failed && finish.error && <ProblemNotice error={finish.error} />}
      {asksCode && (
        <form
          className="space-y-4"
          onSubmit={(event) => {
            event.preventDefault()
            finish.mutate(String(new FormData(event.currentTarget).get('code')))
          }}
        >
          <TextField
            label="Code"
            name="code"
            required
            autoFocus
            autoComplete="one-time-code"
            hint="Of your authenticator app; a recovery code will do, too."
            error={code === 'wrong_code' ? finish.error?.message : undefined}
          />
          <Button
            type="submit"
            kind="primary"
            size="large"
            busy={finish.isPending}
            className="w-full"
          >
            Sign in
          </Button>
        </form>
      )}
      {failed && (
        <p className="mt-4">
          <Link to={trip.link ? pages.sessions : pages.login} className="link font-medium">
            {trip.link ? 'Back to Sessions' : 'Back to the sign-in page'}
          </Link>
        </p>
      )}
      {!failed && !asksCode && <Loading rows={2} />}
    </Door>
  )
}
