import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { useState } from 'react'

import { call, Problem } from '../api/client'
import { setupQuery } from '../api/queries'
import type { PasskeyQuestion, User } from '../api/types'
import { ProblemNotice } from '../parts/Broken'
import { Door } from '../parts/Door'
import { fieldError, isGeneral } from '../parts/forms'
import { ProviderButtons } from '../parts/ProviderButtons'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { TextField } from '../ui/Field'
import { Notice } from '../ui/Notice'
import { askPasskey, hasPasskeys, wordsOf } from '../webauthn'

/** Only a place of this dashboard: an address from outside must not send people elsewhere. */
export const safeNext = (next: string | undefined): string =>
  next && /^\/(?![/\\])/.test(next) ? next : pages.projects

export default function LoginPage() {
  const client = useQueryClient()
  const router = useRouter()
  const { next } = useSearch({ from: pages.login })
  const setup = useQuery(setupQuery)
  const [joining, setJoining] = useState(false)
  const [asksCode, setAsksCode] = useState(false)
  const signIn = useMutation({
    mutationFn: (data: FormData) =>
      call<{ user: User }>(joining ? '/auth/signup' : '/auth/login', {
        method: 'POST',
        anonymous: true,
        body: {
          email: String(data.get('email')).trim(),
          password: String(data.get('password')),
          ...(data.get('code') && { code: String(data.get('code')) }),
        },
      }),
    onError: (error: Problem) => {
      if (error.body.code === 'second_factor_needed') setAsksCode(true)
    },
    onSuccess: async () => {
      client.clear()
      router.history.push(safeNext(next))
    },
  })
  const byPasskey = useMutation({
    mutationFn: async () => {
      const question = await call<PasskeyQuestion>('/auth/passkey-login/options', {
        method: 'POST',
        anonymous: true,
        body: {},
      })
      const used = await askPasskey(question)
      if (!used) throw new Error('No passkey came.')
      return call('/auth/passkey-login', { method: 'POST', anonymous: true, body: used })
    },
    onSuccess: async () => {
      client.clear()
      router.history.push(safeNext(next))
    },
  })
  const code = signIn.error instanceof Problem ? signIn.error.body.code : ''
  const wrong = code === 'wrong_password'
  const known = wrong || code === 'second_factor_needed' || code === 'wrong_code'

  return (
    <Door title={joining ? 'Make an account' : 'Sign in to Berth'}>
      <title>Sign in · Berth</title>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          signIn.mutate(new FormData(event.currentTarget))
        }}
      >
        <TextField
          label="E-mail"
          name="email"
          type="email"
          required
          autoFocus
          autoComplete="username"
          error={fieldError(signIn.error, '/email')}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          required
          minLength={joining ? 10 : undefined}
          autoComplete={joining ? 'new-password' : 'current-password'}
          error={wrong ? signIn.error?.message : fieldError(signIn.error, '/password')}
        />
        {asksCode && (
          <TextField
            label="Code"
            name="code"
            required
            autoFocus
            inputMode="text"
            autoComplete="one-time-code"
            hint="Of your authenticator app; a recovery code will do, too."
            error={code === 'wrong_code' ? signIn.error?.message : undefined}
          />
        )}
        {!known && isGeneral(signIn.error, ['/email', '/password']) && (
          <ProblemNotice error={signIn.error} />
        )}
        <Button
          type="submit"
          kind="primary"
          size="large"
          busy={signIn.isPending}
          className="w-full"
        >
          {joining ? 'Make account' : 'Sign in'}
        </Button>
        {!joining && hasPasskeys() && (
          <Button
            size="large"
            icon="key"
            busy={byPasskey.isPending}
            className="w-full"
            onClick={() => byPasskey.mutate()}
          >
            Use a passkey
          </Button>
        )}
        {!joining && <ProviderButtons verb="Sign in with" trip={{ next }} />}
        {byPasskey.error &&
          (byPasskey.error instanceof Problem ? (
            <ProblemNotice error={byPasskey.error} />
          ) : (
            <Notice tone="warn" title={wordsOf(byPasskey.error)} />
          ))}
        {setup.data?.public_signup && (
          <button
            type="button"
            className="link min-h-[24px]"
            onClick={() => {
              signIn.reset()
              setJoining(!joining)
            }}
          >
            {joining ? 'I have an account' : 'Make an account'}
          </button>
        )}
        <p className="text-[12.5px] text-muted">
          Forgotten? An administrator can reset it under People, or on the machine with{' '}
          <code className="font-mono">berth admin reset-password</code>.
        </p>
      </form>
    </Door>
  )
}
