import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { call } from '../api/client'
import type { AddedChannel, Channel, ChannelConfig, Project, Team } from '../api/types'
import { Button } from '../ui/Button'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { SelectField, TextField } from '../ui/Field'
import { ProblemNotice } from './Broken'
import { fieldError, isGeneral } from './forms'

type Kind = Channel['kind']
type Event = Channel['events'][number]

export const kindWords: Record<Kind, string> = {
  email: 'E-mail',
  slack: 'Slack',
  discord: 'Discord',
  teams: 'Microsoft Teams',
  telegram: 'Telegram',
  webhook: 'Webhook',
}

export const eventWords: Record<Event, string> = {
  deployment_ready: 'ready',
  deployment_failed: 'failed',
  deployment_broke: 'first failure',
  deployment_recovered: 'works again',
  production_changed: 'promoted or rolled back',
  approval_wanted: 'a fork waits for approval',
  test: 'test',
}

const offered: Event[] = [
  'deployment_broke',
  'deployment_recovered',
  'deployment_ready',
  'deployment_failed',
  'production_changed',
  'approval_wanted',
]

const urlHints: Partial<Record<Kind, string>> = {
  slack: 'The address of an incoming webhook of Slack.',
  discord: 'Server settings → Integrations → Webhooks.',
  teams: 'The address of a workflow that posts to a channel.',
  webhook: 'Gets JSON, signed as Standard Webhooks says.',
}

const configOf = (kind: Kind, text: (name: string) => string): ChannelConfig => {
  if (kind === 'email')
    return {
      addresses: text('addresses')
        .split(/[\s,;]+/)
        .filter(Boolean),
    }
  if (kind === 'telegram') return { token: text('token'), chat: text('chat') }
  return { url: text('url') }
}

export function AddChannel({
  team,
  project,
  onClose,
  onMade,
}: {
  team: Team
  /** Of one project; none: of all the team's. */
  project?: Project
  onClose: () => void
  onMade: (added: AddedChannel) => void
}) {
  const client = useQueryClient()
  const [kind, setKind] = useState<Kind>('email')
  const add = useMutation({
    mutationFn: (data: FormData) => {
      const text = (name: string) => String(data.get(name) ?? '').trim()
      return call<AddedChannel>(`/teams/${team.id}/channels`, {
        method: 'POST',
        body: {
          kind,
          ...(project && { project: project.id }),
          name: text('name') || kindWords[kind],
          events: data.getAll('event'),
          config: configOf(kind, text),
        },
      })
    },
    onSuccess: async (added) => {
      await client.invalidateQueries({ queryKey: ['teams', team.id, 'channels'] })
      onMade(added)
    },
  })
  const fields = ['/name', '/config/url', '/config/addresses', '/config/token', '/config/chat']
  return (
    <Dialog title="Add a channel" onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          add.mutate(new FormData(event.currentTarget))
        }}
      >
        <SelectField
          label="Kind"
          name="kind"
          value={kind}
          onChange={(event) => setKind(event.target.value as Kind)}
        >
          {Object.entries(kindWords).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </SelectField>
        <TextField
          label="Name"
          name="name"
          placeholder={kindWords[kind]}
          error={fieldError(add.error, '/name')}
        />
        {kind === 'email' && (
          <TextField
            label="Addresses"
            name="addresses"
            required
            hint="Several by commas."
            error={fieldError(add.error, '/config/addresses')}
          />
        )}
        {kind === 'telegram' && (
          <>
            <TextField
              label="Token of the bot"
              name="token"
              type="password"
              required
              mono
              autoComplete="off"
              error={fieldError(add.error, '/config/token')}
            />
            <TextField
              label="Chat"
              name="chat"
              required
              mono
              error={fieldError(add.error, '/config/chat')}
            />
          </>
        )}
        {kind !== 'email' && kind !== 'telegram' && (
          <TextField
            label="Address"
            name="url"
            required
            mono
            autoComplete="off"
            hint={urlHints[kind]}
            error={fieldError(add.error, '/config/url')}
          />
        )}
        <fieldset>
          <legend className="mb-1 font-medium">Tell of</legend>
          {offered.map((event, at) => (
            <label key={event} className="flex min-h-[28px] items-center gap-2">
              <input
                type="checkbox"
                name="event"
                value={event}
                defaultChecked={at < 2}
                className="size-4 accent-(--accent)"
              />
              {eventWords[event]}
            </label>
          ))}
        </fieldset>
        {isGeneral(add.error, fields) && <ProblemNotice error={add.error} />}
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
