import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'

import { call, Problem } from '../api/client'
import { secondFactorQuery } from '../api/queries'
import type { RecoveryCodes, TotpOffer } from '../api/types'
import { dayOf } from '../format'
import { Button } from '../ui/Button'
import { SecretBox } from '../ui/Copy'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { TextField } from '../ui/Field'
import { Notice } from '../ui/Notice'
import { Loading, Panel } from '../ui/Panel'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'
import { fieldError, isGeneral } from './forms'
import { OwnPassword } from './OwnPassword'

const QrCode = lazy(async () => ({ default: (await import('../ui/QrCode')).QrCode }))

type Ask = 'add' | 'remove' | 'renew'
const titles: Record<Ask, string> = {
  add: 'Add an authenticator app',
  remove: 'Remove the authenticator app?',
  renew: 'Make new recovery codes?',
}
const routes: Record<Ask, string> = {
  add: '/auth/totp',
  remove: '/auth/totp/remove',
  renew: '/auth/recovery-codes',
}

/** An authenticator app beside the password, and the codes for when it is lost. */
export function SecondFactor() {
  const client = useQueryClient()
  const { data, error } = useQuery(secondFactorQuery)
  const [ask, setAsk] = useState<Ask | null>(null)
  const [offer, setOffer] = useState<TotpOffer | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  const done = async (shown: string[] | null) => {
    setAsk(null)
    setOffer(null)
    setCodes(shown)
    await client.invalidateQueries({ queryKey: ['second-factor'] })
    await client.invalidateQueries({ queryKey: ['sessions'] })
  }
  return (
    <Panel title="Authenticator app" className="mt-5">
      {codes && (
        <div className="mb-4">
          <Notice tone="ok" title="Recovery codes, shown only now. Each works once.">
            <div className="mt-2">
              <SecretBox value={codes.join('\n')} label="Copy codes" />
            </div>
          </Notice>
        </div>
      )}
      {error && <ProblemNotice error={error} />}
      {!data ? (
        !error && <Loading rows={2} />
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="text-muted">
            {data.totp ? (
              <>
                Signing in asks for a code
                {data.since_ms !== null && `, since ${dayOf(data.since_ms)}`}.{' '}
                {data.recovery_codes_left} of 10 recovery codes left.
              </>
            ) : (
              'With one, a stolen password alone signs nobody in.'
            )}
          </p>
          <div className="flex gap-2">
            {data.totp ? (
              <>
                <Button size="small" onClick={() => setAsk('renew')}>
                  New recovery codes
                </Button>
                <Button size="small" onClick={() => setAsk('remove')}>
                  Remove
                </Button>
              </>
            ) : (
              <Button onClick={() => setAsk('add')}>Add</Button>
            )}
          </div>
        </div>
      )}
      {ask && !offer && (
        <AskPassword
          ask={ask}
          onClose={() => setAsk(null)}
          onDone={(answer) => {
            if (answer && 'uri' in answer) setOffer(answer)
            else void done(answer?.recovery_codes ?? null)
            if (ask === 'remove') toast('Signing in asks for the password alone.')
          }}
        />
      )}
      {offer && <Confirm offer={offer} onClose={() => done(null)} onDone={done} />}
    </Panel>
  )
}

/** A browser that was left open must not lock its owner out. */
function AskPassword({
  ask,
  onClose,
  onDone,
}: {
  ask: Ask
  onClose: () => void
  onDone: (answer: TotpOffer | RecoveryCodes | null) => void
}) {
  const send = useMutation({
    mutationFn: (data: FormData) =>
      call<TotpOffer | RecoveryCodes | null>(routes[ask], {
        method: 'POST',
        body: { password: String(data.get('password')) },
      }),
    onSuccess: onDone,
  })
  return (
    <Dialog title={titles[ask]} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          send.mutate(new FormData(event.currentTarget))
        }}
      >
        <OwnPassword
          autoFocus
          error={fieldError(send.error, '/password') ?? wrongPassword(send.error)}
        />
        {isGeneral(send.error, ['/password']) && !wrongPassword(send.error) && (
          <ProblemNotice error={send.error} />
        )}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            kind={ask === 'remove' ? 'danger' : 'primary'}
            busy={send.isPending}
          >
            {ask === 'remove' ? 'Remove' : 'Go on'}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}

const wrongPassword = (error: unknown) =>
  error instanceof Problem && error.body.code === 'wrong_password' ? error.message : undefined

function Confirm({
  offer,
  onClose,
  onDone,
}: {
  offer: TotpOffer
  onClose: () => void
  onDone: (codes: string[]) => void
}) {
  const confirm = useMutation({
    mutationFn: (data: FormData) =>
      call<RecoveryCodes>('/auth/totp/confirm', {
        method: 'POST',
        body: { code: String(data.get('code')) },
      }),
    onSuccess: ({ recovery_codes }) => onDone(recovery_codes),
  })
  return (
    <Dialog title={titles.add} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          confirm.mutate(new FormData(event.currentTarget))
        }}
      >
        <p className="text-muted">Scan this with the app, or type the secret into it.</p>
        <Suspense fallback={<Loading />}>
          <QrCode text={offer.uri} label="QR code of the secret" />
        </Suspense>
        <SecretBox value={offer.secret} label="Copy secret" />
        <TextField
          label="The code that it shows now"
          name="code"
          required
          inputMode="numeric"
          autoComplete="one-time-code"
          error={fieldError(confirm.error, '/code')}
        />
        {isGeneral(confirm.error, ['/code']) && <ProblemNotice error={confirm.error} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={confirm.isPending}>
            Turn on
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
