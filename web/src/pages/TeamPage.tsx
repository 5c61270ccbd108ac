import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'

import { call, type Problem } from '../api/client'
import { membersQuery, sessionQuery, teamsQuery } from '../api/queries'
import type { Member, Team, TeamRole } from '../api/types'
import { ProblemNotice } from '../parts/Broken'
import { Channels } from '../parts/Channels'
import { DeletedProjects } from '../parts/DeletedProjects'
import { GitConnections } from '../parts/GitConnections'
import { Invitations } from '../parts/Invitations'
import { Chip } from '../parts/StateBadge'
import { FactorMissing, TeamFactor } from '../parts/TeamFactor'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { Icon } from '../ui/Icon'
import { Menu } from '../ui/Menu'
import { Loading, PageHead, Panel } from '../ui/Panel'
import { toast } from '../ui/Toast'

const roles: TeamRole[] = ['viewer', 'developer', 'admin', 'owner']

export default function TeamPage() {
  const { team: slug } = useParams({ from: '/app/teams/$team' })
  const teams = useQuery(teamsQuery)
  const members = useQuery(membersQuery(slug))
  const team = teams.data?.items.find((each) => each.slug === slug || each.id === slug)
  const error = teams.error ?? members.error
  const manages = team !== undefined && roles.indexOf(team.role) >= roles.indexOf('admin')
  return (
    <div className="max-w-4xl space-y-6">
      <title>{`${team?.name ?? slug} · Berth`}</title>
      <PageHead
        title={team?.name ?? slug}
        below={team && `You are ${team.role} here.`}
        actions={
          manages && (
            <Link to={pages.team_audit} params={{ team: slug }}>
              Audit log
            </Link>
          )
        }
      />
      {team && <FactorMissing team={team} />}
      {error && !team?.second_factor_missing && <ProblemNotice error={error} />}
      <Panel title="Members" flush>
        {members.data && team ? (
          <ul className="divide-y divide-line">
            {members.data.items.map((member) => (
              <Row key={member.id} team={team} member={member} />
            ))}
          </ul>
        ) : (
          !error && <Loading />
        )}
      </Panel>
      {team?.role === 'owner' && <TeamFactor team={team} />}
      {team && <GitConnections team={team} manages={manages} />}
      {team && manages && <Invitations team={team} />}
      {team && manages && <Channels team={team} />}
      {team?.role === 'owner' && <DeletedProjects team={team} />}
    </div>
  )
}

/** What `mine` may make of `member`; an owner is changed by owners alone. */
export const rolesFor = (mine: TeamRole, member: TeamRole): TeamRole[] => {
  if (mine === 'owner') return roles
  return mine === 'admin' && member !== 'owner' ? roles.slice(0, 3) : []
}

function Row({ team, member }: { team: Team; member: Member }) {
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const path = `/teams/${team.id}/members/${encodeURIComponent(member.id)}`
  const again = {
    onSuccess: () => client.invalidateQueries({ queryKey: ['teams'] }),
    onError: (error: Problem) => toast(error.message, { bad: true }),
  }
  const change = useMutation({
    mutationFn: (role: TeamRole) => call(path, { method: 'PATCH', body: { role } }),
    ...again,
  })
  const remove = useMutation({
    mutationFn: () => call(path, { method: 'DELETE' }),
    onSuccess: again.onSuccess,
    onError: (error: Problem) => {
      setAsking(false)
      again.onError(error)
    },
  })
  const choices = rolesFor(team.role, member.role)
  const me = session?.user.id === member.id
  const [asking, setAsking] = useState(false)
  return (
    <li className="flex items-center gap-x-4 px-4 py-3">
      <p className="flex min-w-0 grow flex-wrap items-center gap-2 font-medium">
        <span className="break-all">{member.email}</span>
        {me && <Chip tone="ok">You</Chip>}
        {member.disabled && <Chip tone="warn">Disabled</Chip>}
      </p>
      <span className="text-muted">{member.role}</span>
      {choices.length > 0 && (
        <Menu
          label={`Actions for ${member.email}`}
          trigger={<Icon name="dots" />}
          items={[
            ...choices.map((role) => ({
              label: `Make ${role}`,
              checked: role === member.role,
              onSelect: () => change.mutate(role),
            })),
            {
              label: 'Take off the team',
              icon: 'cross' as const,
              danger: true,
              onSelect: () => setAsking(true),
            },
          ]}
        />
      )}
      {asking && (
        <Dialog title={`Take ${member.email} off the team?`} onClose={() => setAsking(false)}>
          <p className="text-muted">
            {me ? 'You see' : 'They see'} none of its projects from then on, and roles in single
            projects go too. Another invitation brings {me ? 'you' : 'them'} back.
          </p>
          <DialogButtons>
            <Button onClick={() => setAsking(false)}>Cancel</Button>
            <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
              Take off the team
            </Button>
          </DialogButtons>
        </Dialog>
      )}
    </li>
  )
}
