import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { call, type Problem } from '../api/client'
import { channelsQuery, notificationsQuery } from '../api/queries'
import type { AddedChannel, Channel, Notification, Project, Team } from '../api/types'
import { Button } from '../ui/Button'
import { SecretBox } from '../ui/Copy'
import { Dialog } from '../ui/Dialog'
import { Icon } from '../ui/Icon'
import { Menu } from '../ui/Menu'
import { Notice } from '../ui/Notice'
import { Loading, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'
import { AddChannel, eventWords, kindWords } from './AddChannel'
import { ProblemNotice } from './Broken'
import { Chip } from './StateBadge'

/** Where a team hears of its deployments, or of those of one project, and how each channel does. */
export function Channels({ team, project }: { team: Team; project?: Project }) {
  const { data, error } = useQuery(channelsQuery(team.id))
  const items = data?.items.filter(
    (each) => !project || each.project === null || each.project === project.id,
  )
  const [adding, setAdding] = useState(false)
  const [made, setMade] = useState<AddedChannel | null>(null)
  return (
    <Panel
      title="Notifications"
      actions={
        <Button icon="plus" onClick={() => setAdding(true)}>
          Add channel
        </Button>
      }
    >
      {made?.secret && (
        <div className="mb-4">
          <Notice tone="ok" title="Messages are signed with this secret; it is shown only now">
            <div className="mt-2">
              <SecretBox value={made.secret} label="Copy secret" />
            </div>
          </Notice>
        </div>
      )}
      {error && <ProblemNotice error={error} />}
      {!data && !error && <Loading />}
      {items?.length === 0 && <p className="text-muted">Nobody is told of anything yet.</p>}
      <ul className="divide-y divide-line">
        {items?.map((channel) => (
          <Row key={channel.id} team={team} channel={channel} />
        ))}
      </ul>
      {adding && (
        <AddChannel
          team={team}
          project={project}
          onClose={() => setAdding(false)}
          onMade={(added) => {
            setAdding(false)
            setMade(added)
          }}
        />
      )}
    </Panel>
  )
}

export const healthOf = (channel: Channel): { tone: 'ok' | 'bad' | 'muted'; text: string } => {
  if (!channel.enabled) return { tone: 'muted', text: 'off' }
  if (channel.last_error) return { tone: 'bad', text: channel.last_error }
  return channel.last_sent_ms
    ? { tone: 'ok', text: 'arrives' }
    : { tone: 'muted', text: 'not used yet' }
}

const inks = { ok: 'text-ok', bad: 'text-bad', muted: 'text-muted' }

function Row({ team, channel }: { team: Team; channel: Channel }) {
  const client = useQueryClient()
  const [open, setOpen] = useState(false)
  const path = `/teams/${team.id}/channels/${encodeURIComponent(channel.id)}`
  const after = (said?: string) => ({
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['teams', team.id, 'channels'] })
      if (said) toast(said)
    },
    onError: (problem: Problem) => toast(problem.message, { bad: true }),
  })
  const test = useMutation({
    mutationFn: () => call<Notification>(`${path}/test`, { method: 'POST', body: {} }),
    ...after(),
    onSuccess: () => setOpen(true),
  })
  const change = useMutation({
    mutationFn: (enabled: boolean) =>
      call<Channel>(path, { method: 'PATCH', etag: `"${channel.version}"`, body: { enabled } }),
    ...after(),
  })
  const remove = useMutation({
    mutationFn: () => call<void>(path, { method: 'DELETE' }),
    ...after('Removed.'),
  })
  const health = healthOf(channel)
  return (
    <li className="flex flex-wrap items-center gap-3 py-3">
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <span className="break-all">{channel.name}</span>
          <Chip>{kindWords[channel.kind]}</Chip>
          <span className={`text-[12.5px] font-normal break-all ${inks[health.tone]}`}>
            {health.text}
          </span>
        </p>
        <p className="text-[12.5px] break-all text-muted">
          {channel.target} · {channel.events.map((event) => eventWords[event]).join(', ')}
          {channel.project ? ' · one project' : ' · all projects'}
        </p>
      </div>
      <Button size="small" busy={test.isPending} onClick={() => test.mutate()}>
        Test
      </Button>
      <Menu
        label={`More for ${channel.name}`}
        trigger={<Icon name="dots" />}
        items={[
          { label: 'What was sent', onSelect: () => setOpen(true) },
          {
            label: channel.enabled ? 'Switch off' : 'Switch on',
            onSelect: () => change.mutate(!channel.enabled),
          },
          { label: 'Remove', danger: true, onSelect: () => remove.mutate() },
        ]}
      />
      {open && <Sent team={team} channel={channel} path={path} onClose={() => setOpen(false)} />}
    </li>
  )
}

function Sent({
  team,
  channel,
  path,
  onClose,
}: {
  team: Team
  channel: Channel
  path: string
  onClose: () => void
}) {
  const client = useQueryClient()
  const { data, error } = useQuery(notificationsQuery(team.id, channel.id))
  const again = useMutation({
    mutationFn: (id: string) =>
      call<Notification>(`${path}/notifications/${id}/redeliver`, { method: 'POST', body: {} }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['teams', team.id, 'channels'] }),
    onError: (problem: Problem) => toast(problem.message, { bad: true }),
  })
  return (
    <Dialog title={`Sent to ${channel.name}`} onClose={onClose}>
      {error && <ProblemNotice error={error} />}
      {!data && !error && <Loading />}
      {data?.items.length === 0 && <p className="text-muted">Nothing yet.</p>}
      <ul className="max-h-96 divide-y divide-line overflow-auto">
        {data?.items.map((one) => (
          <li key={one.id} className="flex flex-wrap items-center gap-2 py-2">
            <div className="min-w-0 grow">
              <p className="break-words">{one.title}</p>
              <p className="text-[12.5px] break-words text-muted">
                <Ago at_ms={one.created_at_ms} /> · {one.state}
                {one.attempts > 1 && ` after ${one.attempts} attempts`}
                {one.error && `: ${one.error}`}
              </p>
            </div>
            <Button size="small" onClick={() => again.mutate(one.id)}>
              Send again
            </Button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
