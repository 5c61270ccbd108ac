// What the API says. The names are those of the C++ structs (src/jobs/job.hpp, src/api): one spelling
// everywhere, no case conversion.

export const states = [
  'queued',
  'preparing',
  'cloning',
  'installing',
  'building',
  'publishing',
  'ready',
  'failed',
  'canceled',
  'superseded',
  'skipped',
] as const
export type State = (typeof states)[number]

export type Reason =
  | 'clone_not_found'
  | 'clone_auth'
  | 'clone_ref'
  | 'clone_blocked'
  | 'clone_failed'
  | 'plan_failed'
  | 'toolchain_failed'
  | 'install_failed'
  | 'build_failed'
  | 'out_of_memory'
  | 'disk_full'
  | 'too_many_processes'
  | 'log_limit'
  | 'timed_out'
  | 'output_missing'
  | 'output_unsafe'
  | 'output_too_large'
  | 'secret_in_output'
  | 'publish_failed'
  | 'lost_worker'
  | 'no_worker'
  | 'internal'

export type StepName = 'prepare' | 'clone' | 'install' | 'build' | 'publish'
export type Environment = 'production' | 'preview'

/** A value that Berth found, and why it chose it. */
export interface Planned {
  value: string
  reason: string
}

export interface Plan {
  framework: Planned
  package_manager: Planned
  node: Planned
  install_command: Planned
  build_command: Planned
  output_dir: Planned
  spa: boolean
}

export interface Inspection extends Plan {
  branches: string[]
  root_candidates: string[]
  default_branch: string
}

export interface Step {
  name: StepName
  state: string
  begin_ms: number | null
  end_ms: number | null
  exit_code: number | null
}

export interface Deployment {
  id: string
  project: string
  project_name: string
  state: State
  /** Asked to become canceled or superseded; null once it has, or never was. */
  stop: State | null
  reason: Reason | null
  detail: string
  first_error: string
  next_step: string
  exit_code: number | null
  environment: Environment
  ref: string
  commit: string
  message: string
  author: string
  trigger: string
  actor: string
  url: string
  production_url: string | null
  hosts: string[]
  created_at_ms: number
  finished_at_ms: number | null
  queue_position: number | null
  steps: Step[]
  bytes: number | null
  files: number | null
  log_lines: number
  plan: Plan | null
  /** The earlier deployment whose files this one serves: nothing was built. */
  reused_deployment: string | null
}

export type CredentialKind = 'none' | 'token' | 'deploy_key'

export interface CredentialView {
  kind: CredentialKind
  username: string
  public_key: string | null
}

/** What the client sends; the secret is never sent back. */
export interface CredentialInput {
  kind: CredentialKind
  username?: string
  secret?: string
  deploy_key_id?: string
}

export interface DeployKey {
  id: string
  public_key: string
}

export interface ProductionPointer {
  deployment: string
  generation: number
  rolled_back: boolean
}

export interface Project {
  id: string
  name: string
  repo_url: string
  branch: string
  root: string
  framework: string | null
  install_command: string | null
  build_command: string | null
  output_dir: string | null
  node: string | null
  credential: CredentialView
  created_at_ms: number
  url: string
  production: ProductionPointer | null
  latest: Deployment | null
}

export interface ProjectSettings {
  name?: string
  repo_url?: string
  branch?: string
  root?: string
  framework?: string | null
  install_command?: string | null
  build_command?: string | null
  output_dir?: string | null
  node?: string | null
  credential?: CredentialInput
}

export type VariableEnvironment = 'production' | 'preview' | 'all'

export interface NewVariable {
  key: string
  value: string
  environment: VariableEnvironment
  sensitive: boolean
}

export interface NewProject extends ProjectSettings {
  name: string
  repo_url: string
  variables: NewVariable[]
}

export interface Variable {
  key: string
  /** Absent for a sensitive one: the server never gives it back. Absent in a PUT: keep what is there. */
  value?: string | null
  scope?: string
  environment: VariableEnvironment
  sensitive: boolean
  updated_at_ms?: number
}

export interface PointerMove {
  deployment: string
  generation: number
  actor: string
  reason: string
  at_ms: number
}

export interface Production {
  deployment: string | null
  generation: number
  rolled_back: boolean
  history: PointerMove[]
}

export interface OutputFile {
  path: string
  bytes: number
  type: string
  sha256: string
}

export interface User {
  id: string
  email: string
  role: string
  created_at_ms: number
  disabled: boolean
  /** Signed in with a one-time password: choose one's own. */
  must_change_password?: boolean
  /** Only in the answer that made or reset it. */
  password?: string | null
}

export interface Session {
  user: User
  session: { id: string } | null
}

/** What the pages outside need to know. */
export interface SetupState {
  needed: boolean
  public_signup?: boolean
}

export interface SessionRow {
  id: string
  created_at_ms: number
  last_seen_ms: number
  user_agent: string
  address: string
  current: boolean
}

export type TokenScope = 'read' | 'deploy' | 'admin'

export interface Token {
  id: string
  name: string
  scope: TokenScope
  project: string | null
  created_at_ms: number
  expires_at_ms: number | null
  last_used_ms: number | null
  /** Only in the answer that made it. */
  token?: string | null
}

export interface InstanceSettings {
  public_signup: boolean
  base_host: string
  platform_url: string
}

export interface ListPage<T> {
  items: T[]
  next: string | null
}

export interface ProblemField {
  pointer: string
  code: string
  detail: string
}

export interface ProblemNext {
  label: string
  command?: string
  href?: string
}

/** RFC 9457, with our members. */
export interface ProblemBody {
  type?: string
  title?: string
  status: number
  code: string
  detail: string
  instance?: string
  errors?: ProblemField[]
  next?: ProblemNext[]
}

export interface LiveEvent {
  topic: string
  type: string
  id: string
  at_ms: number
}
