import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { call, type Problem } from '../api/client'
import { invitationsQuery } from '../api/queries'
import type { MadeInvitation, Team } from '../api/types'
import { Button } from '../ui/Button'
import { SecretBox } from '../ui/Copy'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { SelectField, TextField } from '../ui/Field'
import { Notice } from '../ui/Notice'
import { Loading, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'
import { fieldError, isGeneral } from './forms'

/** Who is invited to a team, and the link of a new invitation: no mail is sent. */
export function Invitations({ team }: { team: Team }) {
  const client = useQueryClient()
  const { data, error } = useQuery(invitationsQuery(team.id))
  const [inviting, setInviting] = useState(false)
  const [made, setMade] = useState<MadeInvitation | null>(null)
  const revoke = useMutation({
    mutationFn: (id: string) =>
      call(`/teams/${team.id}/invitations/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['teams'] }),
    onError: (problem: Problem) => toast(problem.message, { bad: true }),
  })
  return (
    <Panel
      title="Invitations"
      actions={
        <Button icon="plus" onClick={() => setInviting(true)}>
          Invite
        </Button>
      }
    >
      {made && (
        <div className="mb-4">
          <Notice tone="ok" title={`Send this link to ${made.email}; it is shown only now`}>
            <div className="mt-2">
              <SecretBox value={made.url} label="Copy link" />
            </div>
          </Notice>
        </div>
      )}
      {error && <ProblemNotice error={error} />}
      {!data && !error && <Loading />}
      {data?.items.length === 0 && <p className="text-muted">None is open.</p>}
      <ul className="divide-y divide-line">
        {data?.items.map((invitation) => (
          <li key={invitation.id} className="flex items-center gap-4 py-2">
            <div className="min-w-0 grow">
              <p className="break-all font-medium">{invitation.email}</p>
              <p className="text-[12.5px] text-muted">
                {invitation.role} · by {invitation.invited_by} ·{' '}
                <Ago at_ms={invitation.created_at_ms} />
              </p>
            </div>
            <Button onClick={() => revoke.mutate(invitation.id)}>Take back</Button>
          </li>
        ))}
      </ul>
      {inviting && (
        <Invite
          team={team}
          onClose={() => setInviting(false)}
          onMade={(invitation) => {
            setInviting(false)
            setMade(invitation)
          }}
        />
      )}
    </Panel>
  )
}

function Invite({
  team,
  onClose,
  onMade,
}: {
  team: Team
  onClose: () => void
  onMade: (made: MadeInvitation) => void
}) {
  const client = useQueryClient()
  const invite = useMutation({
    mutationFn: (data: FormData) =>
      call<MadeInvitation>(`/teams/${team.id}/invitations`, {
        method: 'POST',
        body: { email: String(data.get('email')).trim(), role: String(data.get('role')) },
      }),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ['teams'] })
      onMade(made)
    },
  })
  return (
    <Dialog title={`Invite to ${team.name}`} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          invite.mutate(new FormData(event.currentTarget))
        }}
      >
        <TextField
          label="E-mail"
          name="email"
          type="email"
          required
          autoFocus
          autoComplete="off"
          hint="No mail is sent: you get a link to pass on."
          error={fieldError(invite.error, '/email')}
        />
        <SelectField label="Role" name="role" defaultValue="developer">
          <option value="viewer">viewer: sees</option>
          <option value="developer">developer: also deploys</option>
          <option value="admin">admin: also changes projects and members</option>
          {team.role === 'owner' && <option value="owner">owner: also deletes</option>}
        </SelectField>
        {isGeneral(invite.error, ['/email']) && <ProblemNotice error={invite.error} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={invite.isPending}>
            Make link
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
