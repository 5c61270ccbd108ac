import { useMutation } from '@tanstack/react-query'

import { call } from '../api/client'
import type { CredentialInput, CredentialKind, DeployKey } from '../api/types'
import { Button } from '../ui/Button'
import { SecretBox } from '../ui/Copy'
import { TextField } from '../ui/Field'
import { ProblemNotice } from './Broken'

export interface CredentialChoice {
  kind: CredentialKind
  username: string
  secret: string
  key: DeployKey | null
}

export const noCredential: CredentialChoice = { kind: 'none', username: '', secret: '', key: null }

/** What goes into a request; nothing while the choice is not complete. */
export const credentialInput = (choice: CredentialChoice): { credential?: CredentialInput } => {
  if (choice.kind === 'token' && choice.secret)
    return {
      credential: {
        kind: 'token',
        secret: choice.secret,
        ...(choice.username && { username: choice.username }),
      },
    }
  if (choice.kind === 'deploy_key' && choice.key)
    return { credential: { kind: 'deploy_key', deploy_key_id: choice.key.id } }
  return {}
}

const kinds: [CredentialKind, string][] = [
  ['none', 'Public'],
  ['token', 'Access token'],
  ['deploy_key', 'Deploy key'],
]

/** How Berth may read the repository. */
export function CredentialFields({
  value,
  onChange,
  onReady,
  error,
}: {
  value: CredentialChoice
  onChange: (choice: CredentialChoice) => void
  /** The choice is complete: look again. */
  onReady?: () => void
  error?: string
}) {
  const generate = useMutation({
    mutationFn: () => call<DeployKey>('/deploy-keys', { method: 'POST', body: {} }),
    onSuccess: (key) => onChange({ ...value, kind: 'deploy_key', key }),
  })
  return (
    <fieldset className="mt-4 border-t border-line pt-4">
      <legend className="sr-only">Access to the repository</legend>
      <div
        className="mb-3 inline-flex flex-wrap rounded-md border border-line-strong p-0.5"
        role="radiogroup"
        aria-label="Access to the repository"
      >
        {kinds.map(([kind, label]) => (
          <label
            key={kind}
            className="cursor-pointer rounded px-3 py-1 text-muted has-checked:bg-raised has-checked:font-medium has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="credential"
              className="sr-only"
              checked={value.kind === kind}
              onChange={() => {
                onChange({ ...value, kind })
                if (kind === 'deploy_key' && !value.key && !generate.isPending) generate.mutate()
              }}
            />
            {label}
          </label>
        ))}
      </div>
      {value.kind === 'token' && (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="Access token"
            type="password"
            autoComplete="off"
            value={value.secret}
            onChange={(event) => onChange({ ...value, secret: event.target.value })}
            onBlur={() => value.secret && onReady?.()}
            hint="Read access to this one repository is enough."
            error={error}
          />
          <TextField
            label="User name"
            aside="optional"
            autoComplete="off"
            value={value.username}
            placeholder="x-access-token"
            onChange={(event) => onChange({ ...value, username: event.target.value })}
          />
        </div>
      )}
      {value.kind === 'deploy_key' && (
        <div className="space-y-2">
          {generate.error && <ProblemNotice error={generate.error} />}
          {value.key && (
            <>
              <p>
                Add this public key to the repository’s deploy keys, read-only, and use the
                repository’s SSH address above.
              </p>
              <SecretBox value={value.key.public_key} label="Copy public key" />
              {onReady && (
                <Button icon="check" onClick={onReady}>
                  I have added it
                </Button>
              )}
            </>
          )}
          {error && <p className="text-[12.5px] text-bad">{error}</p>}
        </div>
      )}
    </fieldset>
  )
}
