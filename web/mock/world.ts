import type {
  Delivery,
  Deployment,
  GitRequest,
  Inspection,
  InstanceSettings,
  KeptCache,
  OutputFile,
  PointerMove,
  Project,
  ProjectGit,
  Schedule,
  SessionRow,
  ShareLink,
  State,
  Step,
  StepName,
  Token,
  User,
  Variable,
  Webhook,
} from '../src/api/types'
import type { WireLine } from '../src/log/write'
import { loudLine, viteLog } from './lines'
import type { TeamRow } from './teams'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

let serial = 0
export const id = (prefix: string) =>
  `${prefix}_01jd${(++serial).toString(32).padStart(6, '0')}${'0123456789abcdef'.slice(0, 12)}`

/** One deployment with its log, and what it still has to do. */
export interface Run {
  deployment: Deployment
  lines: WireLine[]
  open: WireLine | null
  listeners: Set<() => void>
}

const cachesAtFirst = (): KeptCache[] => {
  const kept = { worker: 'builder-1', trust: 'production', branch: null }
  const hour = 3_600_000
  return [
    {
      ...kept,
      name: 'fw-1',
      kind: 'bundler',
      branch: 'main',
      bytes: 96_000_000,
      used_at_ms: Date.now() - hour,
    },
    {
      ...kept,
      name: 'snap-1',
      kind: 'install',
      trust: null,
      bytes: 410_000_000,
      used_at_ms: Date.now() - 2 * hour,
    },
    { ...kept, name: 'pm-1', kind: 'downloads', bytes: 88_000_000, used_at_ms: 0 },
  ]
}

const deliveriesAtFirst = (): Delivery[] => {
  const pushed: Delivery = {
    id: 'dlv_2',
    provider: 'github',
    event: 'push',
    delivery_id: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    at_ms: Date.now() - hour,
    ref: 'main',
    commit: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
    message: 'fix: the cart',
    pusher: 'ann',
    outcome: 'deployed',
    reason: '',
    deployment: 'dpl_pushed',
    redelivery_of: null,
  }
  const reason = "the commit's message says [skip ci]"
  return [
    pushed,
    { ...pushed, id: 'dlv_1', outcome: 'ignored', reason, deployment: null, at_ms: 1 },
  ]
}

export const notLinked = (): ProjectGit => ({
  connection: null,
  provider: null,
  account: null,
  repository: null,
  webhook: false,
  trouble: null,
  checked_at_ms: null,
})

export interface ProjectRow {
  project: Project
  version: number
  variables: Variable[]
  env_version: number
  /** Variables that changed later are not in what is live. */
  built_at_ms: number
  history: PointerMove[]
  hook: string | null
  git: ProjectGit
  requests: GitRequest[]
  schedules: Schedule[]
  badge: string | null
  /** Branches whose previews do not age. */
  kept: Set<string>
  webhook: Webhook
  deliveries: Delivery[]
  links: ShareLink[]
  caches: KeptCache[]
  runs: Run[]
  /** SHA-256 of what was uploaded. */
  uploaded: Set<string>
}

const stepsOf = (created: number, state: State, failedAt?: StepName): Step[] => {
  const marks: [StepName, number, number][] = [
    ['prepare', 200, 420],
    ['clone', 420, 1490],
    ['install', 1490, 4390],
    ['build', 4390, 7000],
    ['publish', 7000, 7400],
  ]
  const end = failedAt ? marks.findIndex(([name]) => name === failedAt) : marks.length - 1
  return marks.slice(0, end + 1).map(([name, begin, stop]) => ({
    name,
    state: failedAt === name && state === 'failed' ? 'failed' : 'succeeded',
    begin_ms: created + begin,
    end_ms: created + stop,
    exit_code: failedAt === name ? 2 : 0,
  }))
}

const planOf: NonNullable<Deployment['plan']> = {
  framework: { value: 'vite', reason: 'package.json depends on vite' },
  package_manager: { value: 'npm', reason: 'package-lock.json is present' },
  node: { value: '22.11.0', reason: 'engines.node ">=22" in package.json' },
  install_command: { value: 'npm ci', reason: 'package-lock.json is present' },
  build_command: { value: 'npm run build', reason: 'script "build" of package.json' },
  output_dir: { value: 'dist', reason: 'where Vite puts it' },
  spa: true,
  workspace: null,
  ignore_command: null,
  dev_command: { value: 'npm run dev', reason: 'script "dev" of package.json' },
  start_command: null,
  caches: ['node_modules/.vite'],
  warnings: null,
}

export const inspectionOf = (root: string): Inspection => ({
  ...planOf,
  known_hosts: null,
  refused: null,
  workspace: root ? { value: '.', reason: `${root} is listed in pnpm-workspace.yaml` } : null,
  warnings: root
    ? ['There is a yarn.lock, which npm does not read: remove it if npm is right']
    : null,
  branches: ['main', 'next', 'fix/tide-tables'],
  default_branch: 'main',
  root_candidates: root === 'none' ? [] : ['', 'apps/web', 'packages/docs'],
})

const port = () => process.env.MOCK_PORT ?? '4700'
export const siteUrl = (name: string) => `http://${name}.localhost:${port()}`

export class World {
  set_up = true
  code = '4827-1193'
  users: User[] = []
  password = 'correct horse battery'
  sessions: SessionRow[] = []
  tokens: Token[] = []
  teams: TeamRow[] = []
  settings: InstanceSettings = {
    public_signup: false,
    base_host: 'localhost',
    platform_url: `http://localhost:${port()}`,
  }
  projects: ProjectRow[] = []
  listeners = new Set<(event: { topic: string; type: string; id: string; at_ms: number }) => void>()

  say(topic: string, type: string, about: string) {
    for (const listener of this.listeners) listener({ topic, type, id: about, at_ms: Date.now() })
  }

  find(project: string) {
    return this.projects.find((row) => row.project.id === project || row.project.name === project)
  }

  run(deployment: string) {
    for (const row of this.projects) {
      const run = row.runs.find((each) => each.deployment.id === deployment)
      if (run) return { row, run }
    }
    return null
  }

  addUser(email: string, role: User['role']): User {
    const user = {
      id: id('usr'),
      email,
      role,
      created_at_ms: Date.now() - 40 * day,
      disabled: false,
      must_change_password: false,
    }
    this.users.push(user)
    return user
  }

  addProject(name: string, repo_url: string, age_ms = 0): ProjectRow {
    const project: Project = {
      id: id('prj'),
      name,
      repo_url,
      branch: 'main',
      root: '',
      framework: null,
      install_command: null,
      build_command: null,
      output_dir: null,
      node: null,
      supersede: true,
      keep_sources: 3,
      secret_in_output: 'fail',
      preview_branches: [],
      preview_days: 0,
      watch_paths: [],
      wait_for_checks: false,
      credential: { kind: 'none', username: '', public_key: null },
      access: { previews: 'everybody', production: 'everybody', has_password: false, role_key: '' },
      created_at_ms: Date.now() - age_ms,
      url: siteUrl(name),
      git_url: `http://localhost/git/default/${name}.git`,
      production: null,
      latest: null,
      role: 'owner',
    }
    const row = {
      project,
      version: 1,
      variables: [],
      env_version: 1,
      built_at_ms: Date.now(),
      history: [],
      hook: null,
      git: notLinked(),
      requests: [],
      schedules: [],
      badge: null,
      kept: new Set<string>(),
      webhook: { url: null, created_at_ms: null, refused: 0, refused_at_ms: null },
      deliveries: deliveriesAtFirst(),
      links: [],
      caches: cachesAtFirst(),
      runs: [],
      uploaded: new Set<string>(),
    }
    this.projects.unshift(row)
    return row
  }

  addRun(row: ProjectRow, change: Partial<Deployment>, lines: WireLine[] = []): Run {
    const { project } = row
    const dpl = change.id ?? id('dpl')
    const created = change.created_at_ms ?? Date.now()
    const deployment: Deployment = {
      id: dpl,
      project: project.id,
      project_name: project.name,
      state: 'ready',
      stop: null,
      reason: null,
      detail: '',
      first_error: '',
      next_step: '',
      exit_code: null,
      environment: 'production',
      ref: project.branch,
      commit: `${(serial * 2654435761).toString(16)}4f2a9c1de77b03aa51c2`
        .slice(0, 40)
        .padEnd(40, '7'),
      message: 'Tide tables for March',
      author: 'Ada Lindqvist',
      trigger: 'push',
      actor: 'ada@example.com',
      url: siteUrl(`${project.name}-${dpl.slice(-10)}`),
      production_url: null,
      hosts: [],
      created_at_ms: created,
      finished_at_ms: created + 7400,
      queue_position: null,
      queue_reason: null,
      queue_begin_ms: null,
      usual_ms: null,
      steps: stepsOf(created, change.state ?? 'ready'),
      bytes: 381_204,
      files: 14,
      log_lines: lines.length,
      reused_deployment: null,
      plan: planOf,
      has_source: true,
      source: 'repository',
      prebuilt: null,
      checks: 0,
      checks_failed: 0,
      expired_at_ms: null,
      waits_for_checks: false,
      own_variables: [],
      ...change,
    }
    const run: Run = { deployment, lines, open: null, listeners: new Set() }
    row.runs.unshift(run)
    project.latest = deployment
    return run
  }

  goLive(
    row: ProjectRow,
    deployment: Deployment,
    actor: string,
    reason: string,
    at_ms = Date.now(),
  ) {
    const generation = (row.project.production?.generation ?? 0) + 1
    const newest = row.runs.find((run) => run.deployment.state === 'ready')
    row.project.production = {
      deployment: deployment.id,
      generation,
      rolled_back:
        newest !== undefined && newest.deployment.created_at_ms > deployment.created_at_ms,
    }
    row.history.unshift({
      deployment: deployment.id,
      generation,
      kind: reason ? 'promote' : 'deploy',
      actor,
      reason,
      at_ms,
    })
    deployment.production_url = row.project.url
  }

  /** Owned by the first person. */
  addTeam(slug: string, name: string): TeamRow {
    const owner = this.users[0]!
    const team = {
      id: id('tea'),
      slug,
      name,
      role: 'owner' as const,
      created_at_ms: Date.now(),
      second_factor_from_ms: null,
      second_factor_missing: false,
    }
    const row: TeamRow = {
      team,
      members: [{ id: owner.id, email: owner.email, role: 'owner', disabled: false }],
      invitations: [],
      channels: [],
      deleted: [],
    }
    this.teams.push(row)
    return row
  }

  /** A Berth in use: what the pages are looked at with. */
  fill() {
    const now = Date.now()
    this.users = []
    const ada = this.addUser('ada@example.com', 'owner')
    this.addUser('grace@example.com', 'member')
    this.addUser('former.colleague@example.com', 'member').disabled = true
    const grace = this.users[1]!
    const harbour = this.addTeam('default', 'Harbour')
    harbour.members.push({ id: grace.id, email: grace.email, role: 'developer', disabled: false })
    this.sessions = [
      {
        id: id('ses'),
        created_at_ms: now - 3 * day,
        last_seen_ms: now - 4_000,
        user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36',
        address: '192.0.2.17',
        current: true,
      },
      {
        id: id('ses'),
        created_at_ms: now - 12 * day,
        last_seen_ms: now - 5 * hour,
        user_agent:
          'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Version/19.1 Safari/604.1',
        address: '198.51.100.4',
        current: false,
      },
      {
        id: id('ses'),
        created_at_ms: now - day,
        last_seen_ms: now - 20 * minute,
        user_agent: 'berth/0.1.0 (linux; x86_64)',
        address: '2001:db8::42',
        current: false,
      },
    ]
    const site = this.addProject('harbour-site', 'https://github.com/berth/harbour-site', 20 * day)
    this.tokens = [
      {
        id: id('tok'),
        name: 'ci',
        scope: 'deploy',
        projects: [site.project.id],
        created_at_ms: now - 9 * day,
        expires_at_ms: now + 81 * day,
        last_used_ms: now - 3 * hour,
        last_used_address: '192.0.2.17',
      },
      {
        id: id('tok'),
        name: 'laptop',
        scope: 'admin',
        projects: [],
        created_at_ms: now - 30 * day,
        expires_at_ms: null,
        last_used_ms: null,
        last_used_address: '192.0.2.17',
      },
    ]
    const messages = [
      'First light',
      'Quay map with depths',
      'Mend the ferry timetable',
      'Compress photographs of the lighthouse',
      'Tide tables for March',
    ]
    for (const [i, message] of messages.entries()) {
      const at = now - (messages.length - i) * 9 * hour
      const run = this.addRun(
        site,
        { message, created_at_ms: at, production_url: site.project.url },
        viteLog(false),
      )
      this.goLive(site, run.deployment, 'ada@example.com', 'push', at + 7400)
    }
    this.addRun(
      site,
      {
        message: 'Try a darker sea',
        checks: 3,
        checks_failed: 2,
        detail: '2 of 3 checks failed: it does not go live by itself',
        environment: 'preview',
        ref: 'next',
        created_at_ms: now - 4 * hour,
        author: 'Grace Oduya',
        actor: 'grace@example.com',
      },
      viteLog(false),
    )
    this.addRun(
      site,
      {
        message: 'Typed tides',
        state: 'failed',
        reason: 'build_failed',
        exit_code: 2,
        detail: 'npm run build ended with exit code 2.',
        first_error:
          "src/pages/Tides.tsx(42,17): error TS2345: Argument of type 'string' is not assignable to parameter of type 'number'.",
        next_step:
          'Run npm run build on your own machine with Node 22 and mend the type error it shows.',
        created_at_ms: now - 50 * minute,
        finished_at_ms: now - 50 * minute + 7000,
        bytes: 0,
        files: 0,
        steps: stepsOf(now - 50 * minute, 'failed', 'build'),
      },
      viteLog(true),
    )
    site.variables = [
      {
        key: 'VITE_API_URL',
        value: 'https://api.example.com',
        scope: 'build',
        environment: 'all',
        branch: '',
        sensitive: false,
        updated_at_ms: now - 6 * day,
        updated_by: 'ada@example.com',
      },
      {
        key: 'MAPS_TOKEN',
        value: null,
        scope: 'build',
        environment: 'production',
        branch: '',
        sensitive: true,
        updated_at_ms: now - 6 * day,
        updated_by: 'ada@example.com',
      },
      {
        key: 'MAPS_TOKEN',
        value: null,
        scope: 'build',
        environment: 'preview',
        branch: '',
        sensitive: true,
        updated_at_ms: now - 2 * day,
        updated_by: 'ada@example.com',
      },
    ]
    const docs = this.addProject('handbook', 'https://gitlab.com/berth/handbook.git', 11 * day)
    const first = this.addRun(
      docs,
      { message: 'Chapter on moorings', created_at_ms: now - 3 * day },
      viteLog(false),
    )
    this.goLive(docs, first.deployment, 'ada@example.com', 'push')
    const shop = this.addProject('chandlery', 'git@codeberg.org:berth/chandlery.git', 5 * day)
    shop.project.credential = {
      kind: 'deploy_key',
      username: '',
      public_key:
        'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJm0Zq3Wk0v2Yt0hC7rS4nV0Q0b9Kx1mPp2Xy8dTn1Aa berth-chandlery',
    }
    this.addRun(
      shop,
      {
        message: 'Rope, by the metre',
        state: 'canceled',
        created_at_ms: now - 26 * hour,
        steps: stepsOf(now - 26 * hour, 'canceled', 'install'),
        bytes: 0,
        files: 0,
      },
      viteLog(false).slice(0, 30),
    )
    this.addProject('logbook', 'https://github.com/berth/logbook', 2 * hour)
    return ada
  }

  /** Plays a deployment through its steps; `tempo` stretches time. */
  play(row: ProjectRow, change: Partial<Deployment>, tempo = 1, fails = false): Run {
    const run = this.addRun(row, {
      state: 'queued',
      queue_position: 1,
      usual_ms: 7400,
      finished_at_ms: null,
      steps: [],
      bytes: 0,
      files: 0,
      plan: null,
      created_at_ms: Date.now(),
      ...change,
    })
    const { deployment } = run
    const script = viteLog(fails)
    const order: [State, StepName, number][] = [
      ['preparing', 'prepare', 200],
      ['cloning', 'clone', 420],
      ['installing', 'install', 1490],
      ['building', 'build', 4390],
      ['publishing', 'publish', 7000],
    ]
    for (const [state, name, at] of order)
      setTimeout(() => {
        if (deployment.finished_at_ms !== null) return
        const last = deployment.steps.at(-1)
        if (last) Object.assign(last, { end_ms: Date.now(), state: 'succeeded', exit_code: 0 })
        deployment.queue_position = null
        deployment.queue_reason = null
        deployment.queue_begin_ms = null
        deployment.state = state
        deployment.steps.push({
          name,
          state: 'running',
          begin_ms: Date.now(),
          end_ms: null,
          exit_code: null,
        })
        if (name === 'install') deployment.plan = planOf
        this.touch(run)
      }, at * tempo)
    for (const line of script)
      setTimeout(() => {
        if (deployment.finished_at_ms !== null) return
        run.lines.push({
          ...line,
          head: { ...line.head, delta_ms: Date.now() - deployment.created_at_ms },
        })
        for (const listener of run.listeners) listener()
      }, line.head.delta_ms * tempo)
    setTimeout(
      () => this.finish(row, run, fails ? 'failed' : 'ready'),
      (fails ? 7000 : 7400) * tempo,
    )
    this.touch(run)
    return run
  }

  finish(row: ProjectRow, run: Run, state: State) {
    const { deployment } = run
    if (deployment.finished_at_ms !== null) return
    const last = deployment.steps.at(-1)
    if (last) Object.assign(last, { end_ms: Date.now(), state: 'succeeded', exit_code: 0 })
    deployment.state = state
    deployment.finished_at_ms = Date.now()
    if (state === 'ready') {
      Object.assign(deployment, { bytes: 381_204, files: 14 })
      if (deployment.environment === 'production' && !row.project.production?.rolled_back)
        this.goLive(row, deployment, deployment.actor, deployment.trigger)
    }
    this.touch(run)
  }

  /** A build that writes `count` lines, `rate` of them a second, from the moment somebody listens. */
  loud(row: ProjectRow, count: number, rate: number): Run {
    const run = this.addRun(row, {
      message: `${count} lines at ${rate} a second`,
      state: 'building',
      finished_at_ms: null,
      bytes: 0,
      files: 0,
      steps: stepsOf(Date.now() - 7000, 'building', 'build').map((step) =>
        step.name === 'build' ? { ...step, state: 'running', end_ms: null, exit_code: null } : step,
      ),
    })
    let begun = 0
    const tick = setInterval(() => {
      if (run.listeners.size === 0 && begun === 0) return
      begun ||= Date.now()
      const due = Math.min(
        count,
        rate === 0 ? count : Math.floor(((Date.now() - begun) * rate) / 1000),
      )
      for (let n = run.lines.length; n < due; n++) run.lines.push(loudLine(n, Date.now() - begun))
      if (run.lines.length >= count) {
        clearInterval(tick)
        this.finish(row, run, 'ready')
      }
      for (const listener of run.listeners) listener()
    }, 25)
    return run
  }

  touch(run: Run) {
    for (const listener of run.listeners) listener()
    this.say('deployments', `deployment.${run.deployment.state}`, run.deployment.id)
  }
}

export const filesOf = (): OutputFile[] => [
  { path: 'index.html', bytes: 462, type: 'text/html; charset=utf-8', sha256: 'a'.repeat(64) },
  {
    path: 'assets/index-4f9aQ1xz.js',
    bytes: 143_420,
    type: 'text/javascript; charset=utf-8',
    sha256: 'b'.repeat(64),
  },
  {
    path: 'assets/index-D8b4DHJx.css',
    bytes: 1_390,
    type: 'text/css; charset=utf-8',
    sha256: 'c'.repeat(64),
  },
  { path: 'favicon.svg', bytes: 1_497, type: 'image/svg+xml', sha256: 'd'.repeat(64) },
  ...Array.from({ length: 10 }, (_, i) => ({
    path: `photos/lighthouse-${i + 1}.webp`,
    bytes: 18_000 + i * 1_733,
    type: 'image/webp',
    sha256: String(i).repeat(64).slice(0, 64),
  })),
]
