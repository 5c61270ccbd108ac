import type { Invitation, Member, OpenInvitation, Team, TeamRole } from '../src/api/types'
import { type Handler, Refusal } from './api'
import { id, type World } from './world'

export interface TeamRow {
  team: Team
  members: Member[]
  invitations: (Invitation & { secret: string })[]
}

const week = 7 * 86_400_000

const rowOf = (world: World, key: string): TeamRow => {
  const row = world.teams.find(({ team }) => team.id === key || team.slug === key)
  if (!row) throw new Refusal(404, 'team_not_found', 'There is no such team.')
  return row
}

const memberOf = (row: TeamRow, key: string): Member => {
  const member = row.members.find((each) => each.id === key || each.email === key)
  if (!member) throw new Refusal(404, 'member_not_found', 'There is no such member.')
  return member
}

const keepAnOwner = (row: TeamRow, member: Member) => {
  const others = row.members.filter((each) => each.role === 'owner' && each.id !== member.id)
  if (member.role === 'owner' && others.length === 0)
    throw new Refusal(409, 'last_owner', 'The last owner of the team stays.')
}

const invited = (world: World, secret: string) => {
  for (const row of world.teams) {
    const invitation = row.invitations.find((each) => each.secret === secret)
    if (invitation) return { row, invitation }
  }
  throw new Refusal(404, 'invitation_not_found', 'There is no such invitation.')
}

/** Without the secret, which only the answer that made it has. */
const shown = ({ secret: _, ...invitation }: Invitation & { secret: string }): Invitation =>
  invitation

const list = <T>(items: T[]) => ({ body: { items, next: null } })

export const teamHandlers: Record<string, Handler> = {
  'GET teams': ({ world }) => list(world.teams.map((row) => row.team)),
  'POST teams': ({ world, body }) => {
    const slug = String(body.slug)
    if (world.teams.some(({ team }) => team.slug === slug))
      throw new Refusal(409, 'slug_taken', `The slug “${slug}” is taken.`, '/slug')
    const { team } = world.addTeam(slug, String(body.name ?? slug))
    return { status: 201, body: team }
  },
  'GET teams/*/members': ({ world, parts }) => list(rowOf(world, parts[1]!).members),
  'PATCH teams/*/members/*': ({ world, parts, body }) => {
    const row = rowOf(world, parts[1]!)
    const member = memberOf(row, parts[3]!)
    if (body.role !== 'owner') keepAnOwner(row, member)
    member.role = body.role as TeamRole
    return { body: member }
  },
  'DELETE teams/*/members/*': ({ world, parts }) => {
    const row = rowOf(world, parts[1]!)
    const member = memberOf(row, parts[3]!)
    keepAnOwner(row, member)
    row.members = row.members.filter((each) => each !== member)
    return { status: 204 }
  },
  'GET teams/*/invitations': ({ world, parts }) =>
    list(rowOf(world, parts[1]!).invitations.map(shown)),
  'POST teams/*/invitations': ({ world, parts, body }) => {
    const row = rowOf(world, parts[1]!)
    const email = String(body.email)
    if (row.members.some((each) => each.email === email))
      throw new Refusal(409, 'already_member', 'This person belongs to the team.', '/email')
    const invitation = {
      id: id('inv'),
      email,
      role: body.role as TeamRole,
      invited_by: world.users[0]!.email,
      created_at_ms: Date.now(),
      expires_at_ms: Date.now() + week,
      secret: `ivt_mock_${row.invitations.length}`,
    }
    row.invitations.unshift(invitation)
    const url = `${world.settings.platform_url}/invitations/${invitation.secret}`
    return { status: 201, body: { ...shown(invitation), url } }
  },
  'DELETE teams/*/invitations/*': ({ world, parts }) => {
    const row = rowOf(world, parts[1]!)
    row.invitations = row.invitations.filter((each) => each.id !== parts[3])
    return { status: 204 }
  },
  'GET invitations/*': ({ world, parts }) => {
    const { row, invitation } = invited(world, parts[1]!)
    const open: OpenInvitation = {
      team: row.team.name,
      email: invitation.email,
      role: invitation.role,
      expires_at_ms: invitation.expires_at_ms,
      has_account: world.users.some((each) => each.email === invitation.email),
    }
    return { body: open }
  },
  'POST invitations/*': ({ world, parts, body }) => {
    const { row, invitation } = invited(world, parts[1]!)
    const { email, role } = invitation
    const user = body.password
      ? world.addUser(email, 'member')
      : world.users.find((each) => each.email === email)!
    row.members.push({ id: user.id, email, role, disabled: false })
    row.invitations = row.invitations.filter((each) => each !== invitation)
    return body.password
      ? { status: 201, body: { ...user, access_token: 'mock', expires_at_ms: 0 } }
      : { body: { ...row.team, role } }
  },
}
