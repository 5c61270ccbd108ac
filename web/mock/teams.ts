import type {
  Channel,
  ChannelConfig,
  GitConnection,
  Invitation,
  Member,
  Notification,
  OpenInvitation,
  Team,
  TeamRole,
} from '../src/api/types'
import { type Handler, Refusal } from './api'
import { id, type ProjectRow, type World } from './world'

export interface TeamRow {
  team: Team
  connections?: GitConnection[]
  members: Member[]
  invitations: (Invitation & { secret: string })[]
  channels: { channel: Channel; sent: Notification[] }[]
  deleted: { row: ProjectRow; at_ms: number }[]
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

const channelOf = (row: TeamRow, key: string) => {
  const found = row.channels.find((each) => each.channel.id === key)
  if (!found) throw new Refusal(404, 'not_found', 'There is no such channel.')
  return found
}

const takeDeleted = (row: TeamRow, key: string) => {
  const gone = row.deleted.find((each) => each.row.project.id === key)
  if (!gone) throw new Refusal(404, 'not_found', 'No deleted project can be had back by that id.')
  row.deleted = row.deleted.filter((each) => each !== gone)
  return gone
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
  'GET teams/*/git-connections': ({ world, parts }) =>
    list(rowOf(world, parts[1]!).connections ?? []),
  'POST teams/*/git-connections': ({ world, parts, body }) => {
    const row = rowOf(world, parts[1]!)
    if (body.token === 'wrong')
      throw new Refusal(409, 'git_token_refused', 'github.com does not take the token.')
    const made: GitConnection = {
      id: id('gco'),
      provider: body.provider as GitConnection['provider'],
      base_url: String(body.base_url || 'https://github.com'),
      account: 'ann',
      missing_scopes: [],
      created_by: 'ada@example.com',
      created_at_ms: Date.now(),
      renewed_at_ms: null,
      trouble: '',
      trouble_at_ms: null,
    }
    row.connections = [...(row.connections ?? []), made]
    return { status: 201, body: made }
  },
  'PUT teams/*/git-connections/*/token': ({ world, parts }) => {
    const found = rowOf(world, parts[1]!).connections?.find((each) => each.id === parts[3])
    if (!found) throw new Refusal(404, 'connection_not_found', 'No such connection.')
    found.trouble = ''
    return { body: found }
  },
  'DELETE teams/*/git-connections/*': ({ world, parts }) => {
    const row = rowOf(world, parts[1]!)
    row.connections = row.connections?.filter((each) => each.id !== parts[3])
    return { status: 204 }
  },
  'GET teams/*/git-connections/*/repositories': ({ query }) => {
    const all = ['team/shop', 'team/blog', 'ann/notes'].map((path, i) => ({
      path,
      clone_url: `https://github.com/${path}.git`,
      default_branch: 'main',
      is_private: i !== 1,
    }))
    const search = query.get('search') ?? ''
    return list(all.filter((each) => each.path.includes(search)))
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
  'GET teams/*/deleted-projects': ({ world, parts }) =>
    list(
      rowOf(world, parts[1]!).deleted.map(({ row, at_ms }) => ({
        id: row.project.id,
        name: row.project.name,
        deleted_at_ms: at_ms,
        purge_at_ms: at_ms + week,
      })),
    ),
  'POST teams/*/deleted-projects/*/restore': ({ world, parts }) => {
    const gone = takeDeleted(rowOf(world, parts[1]!), parts[3]!)
    world.projects.unshift(gone.row)
    return { body: gone.row.project }
  },
  'DELETE teams/*/deleted-projects/*': ({ world, parts }) => {
    takeDeleted(rowOf(world, parts[1]!), parts[3]!)
    return { status: 204 }
  },
  'GET teams/*/channels': ({ world, parts }) =>
    list(rowOf(world, parts[1]!).channels.map((each) => each.channel)),
  'POST teams/*/channels': ({ world, parts, body }) => {
    const row = rowOf(world, parts[1]!)
    const config = (body.config ?? {}) as ChannelConfig
    const url = config.url ? new URL(config.url).host : ''
    const channel: Channel = {
      id: id('ntf'),
      team: row.team.id,
      project: body.project ? String(body.project) : null,
      kind: body.kind as Channel['kind'],
      name: String(body.name),
      target: config.addresses?.join(', ') ?? config.chat ?? url,
      events: body.events as Channel['events'],
      enabled: true,
      version: 1,
      failures: 0,
      last_sent_ms: null,
      last_error: '',
      last_error_ms: null,
      created_at_ms: Date.now(),
    }
    row.channels.push({ channel, sent: [] })
    const secret = channel.kind === 'webhook' ? 'whsec_bW9jaw==' : ''
    return { status: 201, body: { channel, secret } }
  },
  'PATCH teams/*/channels/*': ({ world, parts, body }) => {
    const { channel } = channelOf(rowOf(world, parts[1]!), parts[3]!)
    Object.assign(channel, body, { version: channel.version + 1 })
    return { body: channel }
  },
  'DELETE teams/*/channels/*': ({ world, parts }) => {
    const row = rowOf(world, parts[1]!)
    row.channels = row.channels.filter((each) => each.channel.id !== parts[3])
    return { status: 204 }
  },
  'POST teams/*/channels/*/test': ({ world, parts }) => {
    const { channel, sent } = channelOf(rowOf(world, parts[1]!), parts[3]!)
    sent.unshift({
      id: id('not'),
      channel: channel.id,
      event: 'test',
      title: `Berth: a test of ${channel.name}`,
      state: 'sent',
      attempts: 1,
      next_at_ms: null,
      error: '',
      created_at_ms: Date.now(),
      sent_at_ms: Date.now(),
    })
    channel.last_sent_ms = Date.now()
    return { status: 202, body: sent[0]! }
  },
  'GET teams/*/channels/*/notifications': ({ world, parts }) =>
    list(channelOf(rowOf(world, parts[1]!), parts[3]!).sent),
  'POST teams/*/channels/*/notifications/*/redeliver': ({ world, parts }) => ({
    status: 202,
    body: channelOf(rowOf(world, parts[1]!), parts[3]!).sent.find((each) => each.id === parts[5])!,
  }),
  'GET instance/mail': () => ({ body: { server: null } }),
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
