import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'

import { call } from '../api/client'
import type { DeviceRequest } from '../api/types'
import { ProblemNotice } from '../parts/Broken'
import { fieldError, isGeneral } from '../parts/forms'
import { Button } from '../ui/Button'
import { TextField } from '../ui/Field'
import { Notice } from '../ui/Notice'
import { PageHead, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'

const scopes = {
  read: 'look at everything you can see',
  deploy: 'read, deploy, cancel and roll back',
  admin: 'do everything you can do',
}

/** The code is typed by hand and never in the address: a link could be sent by somebody else. */
export default function DevicePage() {
  const [code, setCode] = useState('')
  const look = useMutation({
    mutationFn: (user_code: string) =>
      call<DeviceRequest>('/auth/device/request', { method: 'POST', body: { user_code } }),
  })
  const decide = useMutation({
    mutationFn: (decision: 'approve' | 'deny') =>
      call('/auth/device/decision', { method: 'POST', body: { user_code: code, decision } }),
  })
  return (
    <div className="max-w-xl">
      <title>Sign a device in · Berth</title>
      <PageHead title="Sign a device in" below="Type the code that `berth login` shows you." />
      {decide.isSuccess ? (
        <Notice
          tone={decide.variables === 'approve' ? 'ok' : 'info'}
          title={decide.variables === 'approve' ? 'The device is signed in.' : 'Denied.'}
        >
          {decide.variables === 'approve'
            ? 'Its token is listed under Access tokens, and can be revoked there.'
            : 'The device gets nothing.'}
        </Notice>
      ) : look.data ? (
        <Panel title="Is this you?">
          <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
            <dt className="text-muted">Name</dt>
            <dd className="break-all">{look.data.name}</dd>
            <dt className="text-muted">From</dt>
            <dd className="break-all">{look.data.address}</dd>
            <dt className="text-muted">With</dt>
            <dd className="break-all">{look.data.user_agent || 'unknown'}</dd>
            <dt className="text-muted">Asked</dt>
            <dd>
              <Ago at_ms={look.data.created_at_ms} />
            </dd>
            <dt className="text-muted">May then</dt>
            <dd>{scopes[look.data.scope]}</dd>
          </dl>
          <p className="mt-3 text-muted">
            Approve it only if you began it yourself, just now. Whoever sent you a code to type here
            wants your account.
          </p>
          {decide.error && <ProblemNotice error={decide.error} />}
          <div className="mt-4 flex justify-end gap-2">
            <Button busy={decide.isPending} onClick={() => decide.mutate('deny')}>
              Deny
            </Button>
            <Button kind="primary" busy={decide.isPending} onClick={() => decide.mutate('approve')}>
              Approve
            </Button>
          </div>
        </Panel>
      ) : (
        <Panel>
          <form
            className="space-y-4"
            onSubmit={(event) => {
              event.preventDefault()
              look.mutate(code)
            }}
          >
            <TextField
              label="Code"
              name="user_code"
              required
              autoFocus
              autoComplete="off"
              mono
              placeholder="BCDF-GHJK"
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
              error={fieldError(look.error, '/user_code')}
            />
            {isGeneral(look.error, ['/user_code']) && <ProblemNotice error={look.error} />}
            <Button type="submit" kind="primary" busy={look.isPending}>
              Go on
            </Button>
          </form>
        </Panel>
      )}
    </div>
  )
}
