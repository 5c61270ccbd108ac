import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'

import type { Question } from '../src/api/rules'
import type { UploadTree } from '../src/api/schema'
import { isEnd } from '../src/api/states'
import type {
  Deployment,
  NewProject,
  NewSchedule,
  Preview,
  ProjectSettings,
  SiteAccess,
  Variable,
  VariableInput,
  WebhookHint,
} from '../src/api/types'
import { auditHandlers } from './audit'
import { buildsOf } from './builds'
import { logHits } from './log_search'
import { checksOf, explanationOf, rulesOf } from './rules'
import { teamHandlers } from './teams'
import { trafficOf } from './traffic'
import { filesOf, id, inspectionOf, notLinked, type ProjectRow, siteUrl, type World } from './world'

export interface Reply {
  status?: number
  body?: unknown
  etag?: string
  cookie?: string
}

export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly errors: { pointer: string; code: string; detail: string }[]

  constructor(status: number, code: string, detail: string, pointer?: string) {
    super(detail)
    this.status = status
    this.code = code
    this.errors = pointer ? [{ pointer, code, detail }] : []
  }
}

interface Call {
  world: World
  request: IncomingMessage
  parts: string[]
  query: URLSearchParams
  body: Record<string, unknown>
}

export type Handler = (call: Call) => Reply

/** Of a repository at a connected host, its clone address. */
const addressOf = ({ git, repo_url }: Partial<NewProject>) =>
  git ? `https://github.com/${git.repository}.git` : String(repo_url ?? '')

const cookie = 'mock-session=1; Path=/; HttpOnly; SameSite=Lax'
const gone = 'mock-session=; Path=/; Max-Age=0'

const storedVariable = ({
  key,
  value,
  scope,
  environment,
  branch,
  sensitive,
}: VariableInput): Variable => ({
  key,
  value: sensitive === false ? (value ?? '') : null,
  scope: scope ?? 'all',
  environment: environment ?? 'all',
  branch: branch ?? '',
  sensitive: sensitive ?? true,
  updated_at_ms: Date.now(),
  updated_by: 'ada@example.com',
})

const rowOf = ({ world, parts }: Call) => {
  const row = world.find(parts[1]!)
  if (!row) throw new Refusal(404, 'project_not_found', `There is no project “${parts[1]}”.`)
  return row
}

const runOf = ({ world, parts }: Call) => {
  const found = world.run(parts[1]!)
  if (!found) throw new Refusal(404, 'deployment_not_found', 'There is no such deployment.')
  return found
}

const publishedOf = (call: Call) => {
  const found = runOf(call)
  if (found.run.deployment.state !== 'ready')
    throw new Refusal(404, 'nothing_published', 'The deployment has published nothing.')
  return found.row.project
}

const previewsOf = (row: ProjectRow): Preview[] => {
  const newest = new Map<string, Deployment>()
  for (const { deployment } of row.runs)
    if (deployment.environment === 'preview' && !newest.has(deployment.ref))
      newest.set(deployment.ref, deployment)
  return [...newest.values()].map((deployment) => ({
    ref: deployment.ref,
    deployment: deployment.id,
    state: deployment.state,
    url: deployment.url,
    deployed_at_ms: deployment.created_at_ms,
    kept: row.kept.has(deployment.ref),
    expires_at_ms:
      row.project.preview_days && !row.kept.has(deployment.ref)
        ? deployment.created_at_ms + row.project.preview_days * 86_400_000
        : null,
    expired_at_ms: deployment.expired_at_ms,
  }))
}

const fresh = (request: IncomingMessage, version: number) => {
  const wanted = request.headers['if-match']
  if (!wanted) throw new Refusal(428, 'precondition_required', 'Send If-Match.')
  if (wanted !== `"${version}"`) throw new Refusal(412, 'precondition_failed', 'Changed meanwhile.')
}

const cachesOf = (row: ProjectRow) => ({
  items: row.caches,
  next: null,
  bytes: row.caches.reduce((sum, cache) => sum + cache.bytes, 0),
  budget_bytes: 5_000_000_000,
  workers: 1,
})

const change = (stored: SiteAccess, access: NonNullable<ProjectSettings['access']>) => {
  const previews = access.previews ?? stored.previews
  const production = access.production ?? stored.production
  const has_password = stored.has_password || Boolean(access.password)
  if (!has_password && (previews === 'password' || production === 'password'))
    throw new Refusal(422, 'password_missing', 'Choose a password.', '/access/password')
  const role_key = access.role_key ?? stored.role_key
  if (role_key && !role_key.startsWith('-----BEGIN PUBLIC KEY-----'))
    throw new Refusal(422, 'invalid_role_key', 'Not a public key in PEM.', '/access/role_key')
  Object.assign(stored, { previews, production, has_password, role_key })
}

const page = <T>(items: T[]) => ({ body: { items, next: null } })

const handlers: Record<string, Handler> = {
  ...teamHandlers,
  ...auditHandlers,
  'GET instance/health': () => ({ body: { status: 'ready', version: '0.1.0-mock' } }),
  'GET setup': ({ world }) => ({
    body: { needed: !world.set_up, public_signup: world.settings.public_signup },
  }),
  'POST setup': ({ world, body }) => {
    if (world.set_up) throw new Refusal(409, 'already_set_up', 'This Berth is set up.')
    if (body.code !== world.code)
      throw new Refusal(403, 'wrong_code', 'This is not the code that was printed.', '/code')
    world.set_up = true
    world.password = String(body.password)
    const user = world.addUser(String(body.email), 'owner')
    return { status: 201, body: user, cookie }
  },
  'POST auth/login': ({ world, body }) => {
    const user = world.users.find((each) => each.email === body.email && !each.disabled)
    if (!user || body.password !== world.password)
      throw new Refusal(401, 'wrong_credentials', 'E-mail or password is not right.')
    return { body: { access_token: 'mock', expires_at_ms: Date.now() + 900_000, user }, cookie }
  },
  'POST auth/password': ({ world, body }) => {
    if (body.current !== world.password)
      throw new Refusal(422, 'wrong_password', 'This is not your password.', '/current')
    world.password = String(body.new)
    return { status: 204 }
  },
  'POST auth/refresh': ({ request }) => {
    if (!request.headers.cookie?.includes('mock-session=1'))
      throw new Refusal(401, 'not_signed_in', 'Sign in again.')
    return { body: {} }
  },
  'POST auth/logout': () => ({ status: 204, cookie: gone }),
  'GET auth/session': ({ world }) => ({
    body: {
      user: world.users[0],
      session: { id: world.sessions[0]?.id ?? 'ses' },
      has_password: true,
    },
  }),
  'GET auth/second-factor': () => ({
    body: { totp: false, since_ms: null, recovery_codes_left: 0 },
  }),
  'GET auth/passkeys': () => page([]),
  'GET auth/providers': () => page([{ id: 'github', kind: 'github', name: 'GitHub' }]),
  'POST auth/providers/*/complete': () => {
    throw new Refusal(401, 'second_factor_needed', 'code: the one of your app', '/code')
  },
  'GET auth/identities': () =>
    page([
      {
        id: 'idn_1',
        provider: 'GitHub',
        issuer: 'https://github.com',
        email: 'ada@example.org',
        created_at_ms: Date.now() - 86_400_000,
        last_used_ms: Date.now() - 3_600_000,
      },
    ]),
  'GET instance/sign-in-providers': () =>
    page([
      {
        id: 'github',
        kind: 'github',
        name: 'GitHub',
        issuer: 'https://github.com',
        client_id: 'Iv1.0123456789abcdef',
        has_secret: true,
        new_people: 'domains',
        domains: ['example.org'],
        enabled: true,
        people: 3,
        version: 1,
        created_at_ms: Date.now(),
        redirect_url: 'https://berth.example/login/callback/github',
      },
    ]),
  'GET sessions': ({ world }) => page(world.sessions),
  'DELETE sessions/*': ({ world, parts }) => {
    world.sessions = world.sessions.filter((each) => each.id !== parts[1])
    return { status: 204 }
  },
  'GET tokens': ({ world }) => page(world.tokens),
  'POST tokens': ({ world, body }) => {
    const token = {
      id: id('tok'),
      name: String(body.name),
      scope: body.scope as 'read',
      projects: (body.projects as string[]) ?? [],
      created_at_ms: Date.now(),
      expires_at_ms: (body.expires_at_ms as number) ?? null,
      last_used_ms: null,
      last_used_address: '',
    }
    world.tokens.unshift(token)
    return { status: 201, body: { ...token, token: 'tok_mock_not_a_secret_0123456789' } }
  },
  'DELETE tokens/*': ({ world, parts }) => {
    world.tokens = world.tokens.filter((each) => each.id !== parts[1])
    return { status: 204 }
  },
  'GET users': ({ world }) => page(world.users),
  'POST users': ({ world, body }) => {
    if (world.users.some((each) => each.email === body.email))
      throw new Refusal(409, 'email_taken', 'There is an account with this address.', '/email')
    const user = world.addUser(String(body.email), 'member')
    return { status: 201, body: { ...user, password: body.password ? null : 'quiet-harbour-2604' } }
  },
  'PATCH users/*': ({ world, parts, body }) => {
    const user = world.users.find((each) => each.id === parts[1])!
    user.disabled = Boolean(body.disabled)
    return { body: user }
  },
  'POST users/*/reset-password': () => ({ body: { password: 'quiet-harbour-2605' } }),
  'GET instance/settings': ({ world }) => ({ body: world.settings, etag: '"1"' }),
  'PATCH instance/settings': ({ world, body }) => {
    Object.assign(world.settings, body)
    return { body: world.settings, etag: '"1"' }
  },
  'POST inspect': ({ body }) => {
    const url = addressOf(body as Partial<NewProject>)
    if (url.startsWith('-') || /^(file|ext):/.test(url))
      throw new Refusal(422, 'invalid_url', 'Only https, http, ssh and git addresses.', '/repo_url')
    if (url.includes('private') && !body.credential)
      throw new Refusal(
        422,
        'clone_auth',
        'The repository refused us: it is private, or it is not there.',
      )
    if (url.includes('missing'))
      throw new Refusal(422, 'clone_not_found', 'There is no repository at this address.')
    return { body: inspectionOf(url.includes('mono') ? 'all' : 'none') }
  },
  'POST deploy-keys': () => ({
    status: 201,
    body: {
      id: id('key'),
      public_key:
        'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMock0Mock0Mock0Mock0Mock0Mock0Mock0Mock0Mo berth',
    },
  }),
  'GET projects': ({ world, query }) => {
    const q = query.get('q')?.toLowerCase() ?? ''
    const all = world.projects.map((row) => row.project)
    return page(all.filter((each) => `${each.name} ${each.repo_url}`.toLowerCase().includes(q)))
  },
  'POST projects': ({ world, body }) => {
    const made = body as unknown as NewProject
    if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(made.name))
      throw new Refusal(422, 'invalid_name', 'Lower-case letters, digits and hyphens.', '/name')
    if (world.find(made.name))
      throw new Refusal(409, 'name_taken', `The name “${made.name}” is taken.`, '/name')
    const row = world.addProject(made.name, addressOf(made))
    row.project.branch = made.branch || 'main'
    row.variables = (made.variables ?? []).map(storedVariable)
    return { status: 201, body: row.project, etag: '"1"' }
  },
  'GET projects/*': (call) => {
    const row = rowOf(call)
    return { body: row.project, etag: `"${row.version}"` }
  },
  'PATCH projects/*': (call) => {
    const row = rowOf(call)
    fresh(call.request, row.version)
    const { credential, access, ...settings } = call.body as unknown as ProjectSettings
    if (access) change(row.project.access, access)
    Object.assign(row.project, settings, settings.name && { url: siteUrl(settings.name) })
    if (credential)
      row.project.credential = {
        kind: credential.kind ?? 'none',
        username: credential.username ?? '',
        public_key: null,
      }
    row.version++
    return { body: row.project, etag: `"${row.version}"` }
  },
  'DELETE projects/*': (call) => {
    const row = rowOf(call)
    call.world.projects = call.world.projects.filter((each) => each !== row)
    call.world.teams[0]?.deleted.unshift({ row, at_ms: Date.now() })
    return { status: 204 }
  },
  'GET projects/*/env': (call) => {
    const row = rowOf(call)
    return { body: { items: row.variables }, etag: `"${row.env_version}"` }
  },
  'GET projects/*/env/changes': (call) => {
    const row = rowOf(call)
    const deployment = row.project.production?.deployment ?? null
    const items = row.variables
      .filter((each) => each.environment !== 'preview' && each.updated_at_ms > row.built_at_ms)
      .map(({ key }) => ({ key, what: 'changed' as const }))
    return { body: { deployment, known: deployment !== null, items } }
  },
  'PUT projects/*/env': (call) => {
    const row = rowOf(call)
    fresh(call.request, row.env_version)
    row.variables = (call.body.items as VariableInput[]).map(storedVariable)
    row.env_version++
    return { body: { items: row.variables }, etag: `"${row.env_version}"` }
  },
  'POST projects/*/uploads': (call) => {
    const row = rowOf(call)
    const { files } = call.body as unknown as UploadTree
    const hashes = [...new Set(files.map((file) => file.sha256))]
    const missing = hashes.filter((hash) => !row.uploaded.has(hash))
    return missing.length > 0
      ? { body: { id: null, missing } }
      : { status: 201, body: { id: id('upl'), missing: [] } }
  },
  'POST projects/*/uploads/blobs': (call) => {
    const row = rowOf(call)
    for (const hash of call.body.blobs as string[]) row.uploaded.add(hash)
    return { body: {} }
  },
  'GET projects/*/builds': (call) => ({ body: buildsOf(rowOf(call).project) }),
  'GET projects/*/deployments': (call) => {
    const items = rowOf(call).runs.map((run) => run.deployment)
    return page(items)
  },
  'POST projects/*/deployments': (call) => {
    const row = rowOf(call)
    const run = call.world.play(row, { message: 'Deployed by hand', trigger: 'dashboard' })
    return { status: 201, body: run.deployment }
  },
  'GET openapi.json': () => ({
    body: JSON.parse(readFileSync('../src/api/openapi.json', 'utf8')),
  }),
  'GET projects/*/logs/search': (call) => {
    const body = logHits(rowOf(call), call.query)
    if (!body)
      throw new Refusal(422, 'invalid_pattern', 'q: this is not an expression of RE2', '/q')
    return { body }
  },
  'GET projects/*/traffic': (call) => ({ body: trafficOf(rowOf(call).project, call.query) }),
  'GET projects/*/production': (call) => {
    const row = rowOf(call)
    const { production } = row.project
    return {
      body: {
        deployment: production?.deployment ?? null,
        generation: production?.generation ?? 0,
        rolled_back: production?.rolled_back ?? false,
        history: row.history,
      },
    }
  },
  'GET projects/*/previews': (call) => page(previewsOf(rowOf(call))),
  'PUT projects/*/previews': (call) => {
    const row = rowOf(call)
    const found = previewsOf(row).find((each) => each.ref === call.body.ref)
    if (!found) throw new Refusal(404, 'preview_not_found', 'There is no such preview.', '/ref')
    if (call.body.kept) row.kept.add(found.ref)
    else row.kept.delete(found.ref)
    return { body: { ...found, kept: row.kept.has(found.ref) } }
  },
  'PUT projects/*/production': (call) => {
    const row = rowOf(call)
    const run = row.runs.find((each) => each.deployment.id === call.body.deployment)
    if (!run) throw new Refusal(404, 'deployment_not_found', 'There is no such deployment.')
    call.world.goLive(row, run.deployment, 'ada@example.com', String(call.body.reason ?? ''))
    call.world.say('projects', 'production.changed', row.project.id)
    return {
      body: {
        deployment: run.deployment.id,
        generation: row.project.production!.generation,
        history: row.history,
      },
    }
  },
  'GET projects/*/badge': (call) => ({ body: { url: rowOf(call).badge } }),
  'POST projects/*/badge': (call) => {
    const row = rowOf(call)
    row.badge = `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" id="${id('bdg')}"/>`
    return { status: 201, body: { url: row.badge } }
  },
  'DELETE projects/*/badge': (call) => {
    rowOf(call).badge = null
    return { status: 204 }
  },
  'GET projects/*/schedules': (call) => page(rowOf(call).schedules),
  'POST projects/*/schedules': (call) => {
    const row = rowOf(call)
    const { cron, time_zone = 'UTC', ref = '' } = call.body as unknown as NewSchedule
    if (cron.split(/\s+/).length !== 5)
      throw new Refusal(
        422,
        'invalid_cron',
        'cron: five fields: minute, hour, day of the month, month, day of the week',
        '/cron',
      )
    const now = Date.now()
    const schedule = {
      id: id('sch'),
      project: row.project.id,
      cron,
      time_zone,
      ref,
      created_by: 'ada@example.com',
      created_at_ms: now,
      next_at_ms: now + 3_600_000,
      last_at_ms: null,
      last_deployment: null,
      trouble: '',
    }
    row.schedules.push(schedule)
    return { status: 201, body: schedule }
  },
  'DELETE projects/*/schedules/*': (call) => {
    const row = rowOf(call)
    row.schedules = row.schedules.filter((each) => each.id !== call.parts[3])
    return { status: 204 }
  },
  'GET projects/*/share-links': (call) => page(rowOf(call).links),
  'POST projects/*/share-links': (call) => {
    const row = rowOf(call)
    const host = String(call.body.host)
    if (!host.startsWith(row.project.name))
      throw new Refusal(404, 'host_not_found', `The project has no address ${host}.`, '/host')
    const link = {
      id: id('shl'),
      host,
      created_by: 'ada@example.com',
      created_at_ms: Date.now(),
      expires_at_ms: Date.now() + Number(call.body.expires_in_s) * 1000,
      last_used_ms: null,
    }
    row.links.unshift(link)
    const url = `http://${host}/.berth/access?share=mock-not-a-secret&return=%2F`
    return { status: 201, body: { id: link.id, host, url, expires_at_ms: link.expires_at_ms } }
  },
  'DELETE projects/*/share-links/*': (call) => {
    const row = rowOf(call)
    row.links = row.links.filter((link) => link.id !== call.parts[3])
    return { status: 204 }
  },
  'POST projects/*/visitors/sign-out': () => ({ status: 204 }),
  'POST access-codes': ({ world, body }) => {
    const host = String(body.host)
    if (!world.projects.some((row) => host.startsWith(row.project.name)))
      throw new Refusal(404, 'host_not_found', 'You may see no site at this address.', '/host')
    const url = `http://${host}/.berth/access?code=mock&return=%2F`
    return { status: 201, body: { url, expires_at_ms: Date.now() + 60_000 } }
  },
  'GET projects/*/caches': (call) => ({ body: cachesOf(rowOf(call)) }),
  'DELETE projects/*/caches': (call) => {
    const row = rowOf(call)
    const before = cachesOf(row)
    // What a build uses stays.
    if (row.runs.every((run) => isEnd(run.deployment.state))) row.caches = []
    const after = cachesOf(row)
    return {
      body: {
        removed: before.items.length - after.items.length,
        removed_bytes: before.bytes - after.bytes,
        in_use: after.items.length,
        in_use_bytes: after.bytes,
        unanswered: 0,
        unanswered_bytes: 0,
      },
    }
  },
  'GET projects/*/hook': (call) => ({ body: { url: rowOf(call).hook } }),
  'POST projects/*/hook': (call) => {
    const row = rowOf(call)
    row.hook = `http://localhost/api/v1/hooks/deploy/mock-${Math.random().toString(36).slice(2)}`
    return { body: { url: row.hook } }
  },
  'GET projects/*/git': (call) => ({ body: rowOf(call).git }),
  'PUT projects/*/git': (call) => ({ body: rowOf(call).git }),
  'DELETE projects/*/git': (call) => {
    rowOf(call).git = notLinked()
    return { status: 204 }
  },
  'GET projects/*/git/requests': (call) => ({
    body: { items: rowOf(call).requests, next: null },
  }),
  'POST projects/*/git/requests/*/approve': (call) => {
    const row = rowOf(call)
    const found = row.requests.find((each) => String(each.number) === call.parts[4])
    if (found?.approval !== 'waiting')
      throw new Refusal(409, 'nothing_to_approve', 'It does not wait for anybody’s word.')
    found.approval = 'approved'
    found.url = row.project.url
    return { status: 201, body: row.runs[0]?.deployment ?? null }
  },
  'GET projects/*/webhook': (call) => ({ body: rowOf(call).webhook }),
  'POST projects/*/webhook': (call) => {
    const row = rowOf(call)
    row.webhook.url ??= `http://localhost/api/v1/hooks/git/whk_${row.project.id}`
    row.webhook.created_at_ms = Date.now()
    const secret = `whsec_mock${Math.random().toString(36).slice(2)}`
    const hint: WebhookHint = {
      provider: 'github',
      place: 'Settings → Webhooks → Add webhook',
      secret_field: 'Secret',
      events: 'Just the push event',
    }
    return { status: 201, body: { url: row.webhook.url, secret, hints: [hint] } }
  },
  'DELETE projects/*/webhook': (call) => {
    rowOf(call).webhook = { url: null, created_at_ms: null, refused: 0, refused_at_ms: null }
    return { status: 204 }
  },
  'GET projects/*/webhook/deliveries': (call) => ({
    body: { items: rowOf(call).deliveries, next: null },
  }),
  'POST projects/*/webhook/deliveries/*/redeliver': (call) => {
    const row = rowOf(call)
    const found = row.deliveries.find((each) => each.id === call.parts[4])
    if (!found) throw new Refusal(404, 'not_found', 'No such delivery.')
    const id = `dlv_${row.deliveries.length + 1}`
    const again = { ...found, id, at_ms: Date.now(), redelivery_of: found.id }
    row.deliveries.unshift(again)
    return { status: 202, body: again }
  },
  'GET deployments/*': (call) => ({ body: runOf(call).run.deployment }),
  'DELETE deployments/*': (call) => {
    const { row, run } = runOf(call)
    row.runs = row.runs.filter((each) => each !== run)
    return { status: 204 }
  },
  'POST deployments/*/cancel': (call) => {
    const { row, run } = runOf(call)
    call.world.finish(row, run, 'canceled')
    return { body: run.deployment }
  },
  'POST deployments/*/redeploy': (call) => {
    const { row, run } = runOf(call)
    const { message, ref, commit, author, environment } = run.deployment
    const next = call.world.play(row, {
      message,
      ref,
      commit,
      author,
      environment,
      trigger: 'redeploy',
    })
    return { status: 201, body: next.deployment }
  },
  'GET deployments/*/files': () => page(filesOf()),
  'GET deployments/*/diff/*': (call) => ({
    body: {
      from: call.parts[1]!,
      to: call.parts[3]!,
      bytes_before: 1_204_000,
      bytes_after: 1_210_500,
      unchanged: 24,
      files: [
        { path: 'assets/app-9f2c.js', what: 'added', bytes_before: null, bytes_after: 84_200 },
        { path: 'assets/app-b41e.js', what: 'removed', bytes_before: 77_700, bytes_after: null },
        { path: 'index.html', what: 'changed', bytes_before: 1_420, bytes_after: 1_431 },
      ],
      files_left_off: 0,
      rules: [{ kind: 'redirect', what: 'added', file: '_redirects', text: '/old /new 301' }],
    },
  }),
  'GET deployments/*/rules': (call) => ({ body: rulesOf(publishedOf(call)) }),
  'GET deployments/*/checks': (call) => page(checksOf(runOf(call).run.deployment)),
  'POST deployments/*/explain': (call) => {
    const told = explanationOf(publishedOf(call), call.body as unknown as Question)
    if (!told)
      throw new Refusal(
        422,
        'invalid_url',
        'the path must begin with / and have no malformed or forbidden escape',
        '/url',
      )
    return { body: told }
  },
  'GET deployments/*/events': () => page([]),
}

const open = [
  'GET instance/health',
  'GET setup',
  'POST setup',
  'POST auth/login',
  'POST auth/refresh',
  'POST auth/logout',
]

/** Answers a call of the API as the real one would. */
export const answer = (
  world: World,
  request: IncomingMessage,
  url: URL,
  body: Record<string, unknown>,
): Reply => {
  const parts = url.pathname.replace('/api/v1/', '').split('/').map(decodeURIComponent)
  const exact = `${request.method} ${parts.join('/')}`
  const pattern = `${request.method} ${parts.map((part, i) => ((i === 3 && /^(share-links|members|invitations|git-connections|diff|channels|deleted-projects|schedules)$/.test(parts[2]!)) || (i === 4 && /^(deliveries|requests)$/.test(parts[3]!)) || (i === 1 && !/^(health|login|refresh|logout|session|settings|password)$/.test(part)) ? '*' : part)).join('/')}`
  const handler = handlers[exact] ?? handlers[pattern]
  if (!handler) throw new Refusal(404, 'not_found', `No route ${exact}.`)
  const free = open.includes(exact) || parts[0] === 'invitations'
  if (!free && !request.headers.cookie?.includes('mock-session=1'))
    throw new Refusal(401, 'not_signed_in', 'Sign in to go on.')
  return handler({ world, request, parts, query: url.searchParams, body })
}
