// Written by tools/types.mjs (npm run schema) out of src/api/openapi.json: change it there.

export interface Passkey {
  id: string
  name: string
  created_at_ms: number
  last_used_ms: number | null
}

export interface PasskeyWish {
  /** base64url */
  challenge: string
  rp_id: string
  /** base64url */
  user_id: string
  user_name: string
  exclude: string[]
}

export interface PasskeyQuestion {
  /** base64url */
  challenge: string
  /** The name that passkeys are for. */
  rp_id: string
}

export interface DeviceOffer {
  /** The device's secret. */
  device_code: string
  /** What a person types. */
  user_code: string
  /** Where. */
  verification_uri: string
  expires_in_s: number
  interval_s: number
}

export interface DeviceRequest {
  name: string
  scope: 'read' | 'deploy' | 'admin'
  user_agent: string
  address: string
  created_at_ms: number
}

export interface DeviceToken {
  /** Shown once. */
  token: string
  id: string
  name: string
  scope: 'read' | 'deploy' | 'admin'
  expires_at_ms: number
  /** Who approved. */
  email: string
}

export interface RecoveryCodes {
  recovery_codes: string[]
}

export interface SecondFactor {
  totp: boolean
  since_ms: number | null
  recovery_codes_left: number
}

export interface TotpOffer {
  /** Base32, shown once. */
  secret: string
  /** What a QR code says. */
  uri: string
}

export interface AuditRow {
  id: number
  at_ms: number
  actor: string
  address: string
  token: string
  action: string
  target: string
  project: string
  team: string
  detail: string
  previous_hash: string
  /** SHA-256 of the JSON list of the other fields, in this order. */
  hash: string
}

export interface AuditVerdict {
  intact: boolean
  rows: number
  first_id: number
  last_id: number
  /** Note it elsewhere: it finds a log that was written anew. */
  last_hash: string
  /** The first row at fault. */
  at: number | null
  fault: '' | 'changed' | 'missing' | 'misplaced'
}

export interface Problem {
  type: string
  title: string
  status: number
  /** Stable, snake_case. */
  code: string
  detail: string
  /** The request's id, also in X-Request-Id. */
  instance: string
  errors: {
    /** JSON pointer of the field at fault. */
    pointer: string
    code: string
    detail: string
  }[]
  next: {
    label: string
    command?: string
    href?: string
  }[]
}

export interface User {
  id: string
  email: string
  role: 'owner' | 'member'
  created_at_ms: number
  disabled: boolean
  must_change_password: boolean
}

export interface SignedIn {
  access_token: string
  expires_at_ms: number
  user: User
}

export interface NewUserSignedIn {
  id: string
  email: string
  role: 'owner' | 'member'
  created_at_ms: number
  disabled: boolean
  must_change_password: boolean
  access_token: string
  expires_at_ms: number
}

export interface AddedUser {
  id: string
  email: string
  role: 'owner' | 'member'
  created_at_ms: number
  disabled: boolean
  must_change_password: boolean
  /** One-time; only when none was given. */
  password: string | null
}

export interface Setup {
  needed: boolean
  public_signup: boolean
}

export interface Membership {
  id: string
  slug: string
  role: 'viewer' | 'developer' | 'admin' | 'owner'
}

export interface SessionInfo {
  user: User
  session: {
    id: string
  } | null
  /** Else they came through a sign-in provider and have none. */
  has_password: boolean
  teams: Membership[]
}

export interface Session {
  id: string
  created_at_ms: number
  last_seen_ms: number
  user_agent: string
  address: string
  current: boolean
}

export interface Token {
  id: string
  name: string
  scope: 'read' | 'deploy' | 'admin'
  /** Ids: the token works there alone; none: everywhere. */
  projects: string[]
  created_at_ms: number
  expires_at_ms: number | null
  last_used_ms: number | null
  last_used_address: string
}

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
  workspace: Planned | null
  ignore_command: Planned | null
  dev_command: Planned | null
  start_command: Planned | null
  caches: string[] | null
  warnings: string[] | null
}

export interface Inspection {
  branches: string[]
  framework: Planned
  package_manager: Planned
  node: Planned
  install_command: Planned
  build_command: Planned
  output_dir: Planned
  spa: boolean
  root_candidates: string[]
  default_branch: string
  known_hosts: string | null
  workspace: Planned | null
  ignore_command: Planned | null
  dev_command: Planned | null
  start_command: Planned | null
  caches: string[] | null
  warnings: string[] | null
  refused: string | null
}

export interface CredentialInput {
  kind?: 'none' | 'token' | 'deploy_key'
  username?: string | null
  secret?: string | null
  deploy_key_id?: string | null
}

export interface CredentialView {
  kind: 'none' | 'token' | 'deploy_key'
  username: string
  public_key: string | null
}

export interface VariableInput {
  key: string
  /** Without it the stored value stays. */
  value?: string | null
  scope?: 'all' | 'build' | 'runtime'
  environment?: 'all' | 'production' | 'preview'
  /** The one branch it is for, of preview; empty: all. */
  branch?: string
  /** Default true: the value is never given back. */
  sensitive?: boolean
  /** Ignored. */
  updated_at_ms?: number | null
  /** Ignored. */
  updated_by?: string | null
}

export interface Variable {
  key: string
  value: string | null
  scope: 'all' | 'build' | 'runtime'
  environment: 'all' | 'production' | 'preview'
  branch: string
  sensitive: boolean
  updated_at_ms: number
  updated_by: string
}

export interface VariableChanges {
  deployment: string | null
  /** False: nothing is live, or it was built before this was noted. */
  known: boolean
  items: {
    key: string
    what: 'added' | 'changed' | 'removed'
  }[]
}

export interface ProjectDraft {
  /** A DNS label of at most 40 characters. */
  name: string
  /** None: what is deployed is uploaded, or pushed to Berth. */
  repo_url?: string
  branch?: string
  root?: string
  framework?: string | null
  /** Empty runs none; null detects. */
  install_command?: string | null
  build_command?: string | null
  output_dir?: string | null
  node?: string | null
  credential?: CredentialInput | null
  variables?: VariableInput[]
  team?: string | null
  git?: GitChoice | null
}

export interface ProjectSettings {
  /** Only what it is: names are fixed. */
  name?: string
  repo_url?: string
  branch?: string
  root?: string
  framework?: string | null
  install_command?: string | null
  build_command?: string | null
  output_dir?: string | null
  node?: string | null
  supersede?: boolean
  keep_sources?: number
  secret_in_output?: 'fail' | 'warn'
  preview_branches?: string[]
  preview_days?: number
  watch_paths?: string[]
  wait_for_checks?: boolean
  credential?: CredentialInput | null
  access?: SiteAccessChange | null
}

export interface SiteAccess {
  previews: 'everybody' | 'members' | 'password'
  production: 'everybody' | 'members' | 'password'
  has_password: boolean
  /** PEM: the public key of the tokens that name visitors' roles to `Role` rules; empty: none. */
  role_key: string
}

export interface SiteAccessChange {
  previews?: 'everybody' | 'members' | 'password' | null
  production?: 'everybody' | 'members' | 'password' | null
  /** Of visitors; never shown again. */
  password?: string | null
  /** PEM, P-256 (ES256) or RSA of 2,048 to 8,192 bits (RS256); empty takes it away. */
  role_key?: string | null
}

export interface ShareLinkDraft {
  /** None: production's. */
  host?: string | null
  /** Its own host, instead of `host`. */
  deployment?: string | null
  /** From 60 seconds to 90 days; 7 days unless said. */
  expires_in_s?: number
}

export interface NewShareLink {
  id: string
  host: string
  /** Shown this once. */
  url: string
  expires_at_ms: number
}

export interface ShareLink {
  id: string
  host: string
  created_by: string
  created_at_ms: number
  expires_at_ms: number
  last_used_ms: number | null
}

export interface ShareLinkList {
  items: ShareLink[]
  next: string | null
}

export interface AccessCodeDraft {
  host: string
  /** A path of that host. */
  return_to?: string
}

export interface AccessCode {
  url: string
  expires_at_ms: number
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
  supersede: boolean
  keep_sources: number
  secret_in_output: 'fail' | 'warn'
  preview_branches: string[]
  preview_days: number
  watch_paths: string[]
  wait_for_checks: boolean
  credential: CredentialView
  access: SiteAccess
  created_at_ms: number
  url: string
  /** Of Berth's own Git remote: a push to it deploys. */
  git_url: string
  production: {
    deployment: string
    generation: number
    rolled_back: boolean
  } | null
  latest: Deployment | null
  /** Of who asks; null in lists and where the project has just come to be. */
  role: 'viewer' | 'developer' | 'admin' | 'owner' | null
}

export interface ChannelConfig {
  addresses?: string[]
  url?: string
  token?: string
  chat?: string
  secret?: string
}

export interface Channel {
  id: string
  team: string
  project: string | null
  kind: 'email' | 'slack' | 'discord' | 'teams' | 'telegram' | 'webhook'
  name: string
  /** Addresses, host or chat; never what opens it. */
  target: string
  events: (
    | 'deployment_ready'
    | 'deployment_failed'
    | 'deployment_broke'
    | 'deployment_recovered'
    | 'production_changed'
    | 'approval_wanted'
    | 'test'
  )[]
  enabled: boolean
  version: number
  /** Attempts since the last that arrived. */
  failures: number
  last_sent_ms: number | null
  last_error: string
  last_error_ms: number | null
  created_at_ms: number
}

export interface Notification {
  id: string
  channel: string
  event:
    | 'deployment_ready'
    | 'deployment_failed'
    | 'deployment_broke'
    | 'deployment_recovered'
    | 'production_changed'
    | 'approval_wanted'
    | 'test'
  title: string
  state: 'waiting' | 'sent' | 'failed'
  attempts: number
  next_at_ms: number | null
  error: string
  created_at_ms: number
  sent_at_ms: number | null
}

export interface MailServer {
  host: string
  port: number
  security: 'starttls' | 'tls' | 'none'
  username: string
  has_password: boolean
  from: string
}

export interface DeletedProject {
  id: string
  name: string
  deleted_at_ms: number
  /** Until then it can be had back. */
  purge_at_ms: number
}

export interface DeployKey {
  id: string
  public_key: string
}

export interface Hook {
  url: string | null
}

export interface Step {
  name: 'prepare' | 'clone' | 'install' | 'build' | 'publish'
  state: 'running' | 'succeeded' | 'failed' | 'canceled'
  begin_ms: number
  end_ms: number | null
  exit_code: number | null
}

export interface GitChoice {
  connection: string
  /** As the host names it: team/shop. */
  repository: string
}

export interface GitConnection {
  id: string
  /** gitea: also Forgejo. */
  provider: 'github' | 'gitlab' | 'gitea'
  base_url: string
  account: string
  /** Of the token, as far as the host says. */
  missing_scopes: string[]
  created_by: string
  created_at_ms: number
  renewed_at_ms: number | null
  /** What the host last refused; empty since it last worked. */
  trouble: string
  trouble_at_ms: number | null
}

export interface GitConnectionList {
  items: GitConnection[]
  next: string | null
}

export interface RemoteRepository {
  path: string
  clone_url: string
  default_branch: string
  is_private: boolean
}

export interface RemoteRepositoryList {
  items: RemoteRepository[]
  next: string | null
}

export interface ProjectGit {
  connection: string | null
  provider: 'github' | 'gitlab' | 'gitea' | null
  account: string | null
  repository: string | null
  /** It is at the host, made by Berth. */
  webhook: boolean
  trouble: string | null
  checked_at_ms: number | null
}

export interface GitRequest {
  id: string
  number: number
  title: string
  /** Empty: the host has not told. */
  author: string
  /** It comes from. */
  branch: string
  /** It goes to. */
  target: string
  commit: string
  fork: boolean
  /** waiting: of a fork whose author nobody has allowed yet. */
  approval: 'none' | 'waiting' | 'approved'
  approved_by: string
  /** Of its preview; empty while it waits. */
  url: string
  updated_at_ms: number
}

export interface GitRequestList {
  items: GitRequest[]
  next: string | null
}

export interface ProviderButton {
  id: string
  kind: 'oidc' | 'github' | 'gitlab'
  name: string
}

export interface ProviderPlace {
  /** Where to send the browser. */
  url: string
}

export interface LinkedIdentity {
  id: string
  /** Its name; none: it is gone or off. */
  provider: string | null
  issuer: string
  /** As the provider told it then. */
  email: string
  created_at_ms: number
  last_used_ms: number | null
}

export interface SignInProvider {
  id: string
  kind: 'oidc' | 'github' | 'gitlab'
  name: string
  issuer: string
  client_id: string
  has_secret: boolean
  new_people: 'nobody' | 'invited' | 'domains'
  domains: string[]
  enabled: boolean
  /** Who have linked an account of its issuer. */
  people: number
  version: number
  created_at_ms: number
  /** What the provider is to be told. */
  redirect_url: string
}

export interface Webhook {
  /** None until one is made. */
  url: string | null
  created_at_ms: number | null
  /** Deliveries without a right signature. */
  refused: number
  refused_at_ms: number | null
}

export interface AddedWebhook {
  url: string
  /** Shown this once. */
  secret: string
  hints: WebhookHint[]
}

export interface WebhookHint {
  provider: 'github' | 'gitea' | 'gitlab' | 'bitbucket' | 'bitbucket_server' | 'generic'
  place: string
  secret_field: string
  events: string
}

export interface Delivery {
  id: string
  provider: 'github' | 'gitea' | 'gitlab' | 'bitbucket' | 'bitbucket_server' | 'generic'
  /** In the host's own words. */
  event: string
  delivery_id: string
  at_ms: number
  ref: string
  commit: string
  message: string
  pusher: string
  outcome: 'received' | 'deployed' | 'duplicate' | 'ignored' | 'failed'
  /** Why nothing was deployed, in words. */
  reason: string
  deployment: string | null
  redelivery_of: string | null
}

export interface DeliveryList {
  items: Delivery[]
  next: string | null
}

export interface Badge {
  url: string | null
}

export interface Check {
  kind: 'declaration' | 'size' | 'route' | 'header' | 'links'
  passed: boolean
  subject: string
  declared: string
  limit: string
  found: string
  findings: CheckFinding[]
  findings_left_out: number
}

export interface CheckFinding {
  place: string
  found: string
}

export interface Deployment {
  id: string
  project: string
  project_name: string
  state:
    | 'queued'
    | 'preparing'
    | 'cloning'
    | 'installing'
    | 'building'
    | 'publishing'
    | 'ready'
    | 'failed'
    | 'canceled'
    | 'superseded'
    | 'skipped'
  stop:
    | 'queued'
    | 'preparing'
    | 'cloning'
    | 'installing'
    | 'building'
    | 'publishing'
    | 'ready'
    | 'failed'
    | 'canceled'
    | 'superseded'
    | 'skipped'
    | null
  reason:
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
    | null
  detail: string
  first_error: string
  next_step: string
  exit_code: number | null
  environment: 'production' | 'preview'
  ref: string
  commit: string
  message: string
  author: string
  trigger: 'cli' | 'dashboard' | 'api' | 'hook' | 'redeploy' | 'push' | 'schedule'
  actor: string
  url: string
  production_url: string | null
  hosts: string[]
  created_at_ms: number
  finished_at_ms: number | null
  queue_position: number | null
  queue_reason: 'worker' | 'slot' | 'memory' | 'project' | 'team' | null
  queue_begin_ms: number | null
  usual_ms: number | null
  steps: Step[]
  bytes: number
  files: number
  log_lines: number
  plan: Plan | null
  reused_deployment: string | null
  has_source: boolean
  source: 'repository' | 'upload' | 'push'
  prebuilt: string | null
  checks: number
  checks_failed: number
  expired_at_ms: number | null
  waits_for_checks: boolean
  /** Names of variables that it alone got. */
  own_variables: string[]
}

export interface LogHit {
  deployment: string
  ref: string
  environment: 'production' | 'preview'
  /** Of the deployment. */
  created_at_ms: number
  /** Its number, from 0; in the dashboard it is #L(line + 1). */
  line: number
  at_ms: number
  stream: 'out' | 'err' | 'system'
  level: 'info' | 'warning' | 'error'
  step: 'prepare' | 'clone' | 'install' | 'build' | 'publish'
  text: string
}

export interface LogHits {
  items: LogHit[]
  next: string | null
  /** That were looked at. */
  bytes: number
  /** Of which something was looked at. */
  deployments: number
}

export interface UploadTree {
  files: {
    path: string
    sha256: string
    bytes: number
    mode?: 'file' | 'program' | 'link'
  }[]
  commit?: string
  branch?: string
  message?: string
  author?: string
  /** Whether .berthignore and .vercelignore have a say yet. */
  ignore_files?: boolean
}

export interface UploadReply {
  id: string | null
  missing: string[]
}

export interface DeploymentDiff {
  from: string
  to: string
  bytes_before: number
  bytes_after: number
  unchanged: number
  files: {
    path: string
    what: 'added' | 'removed' | 'changed'
    bytes_before: number | null
    bytes_after: number | null
  }[]
  files_left_off: number
  rules: {
    kind: 'redirect' | 'header'
    what: 'added' | 'removed' | 'changed'
    file: string
    text: string
  }[]
}

export interface StateEvent {
  at_ms: number
  state:
    | 'queued'
    | 'preparing'
    | 'cloning'
    | 'installing'
    | 'building'
    | 'publishing'
    | 'ready'
    | 'failed'
    | 'canceled'
    | 'superseded'
    | 'skipped'
  reason:
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
    | null
  actor: string
}

export interface RuleOrigin {
  file: string
  line: number
  text: string
}

export interface RuleProblem {
  severity: 'warning' | 'error'
  file: string
  line: number
  text: string
  message: string
}

export interface Rules {
  dialect: 'berth' | 'netlify' | 'cloudflare' | 'vercel'
  why: string
  rules: number
  headers: number
  problems: RuleProblem[]
}

export interface Explanation {
  url: string
  dialect: 'berth' | 'netlify' | 'cloudflare' | 'vercel'
  why: string
  steps: {
    rule: RuleOrigin | null
    decided: boolean
    why: string
  }[]
  status: number
  file: string
  location: string
  fetched: boolean
  headers: {
    name: string
    value: string
  }[]
}

export interface File {
  path: string
  bytes: number
  type: string
  sha256: string
}

export interface TrafficTotals {
  requests: number
  /** Sent, heads included. */
  bytes: number
  /** 2xx */
  success: number
  /** 3xx */
  redirects: number
  /** 4xx */
  client_errors: number
  /** 5xx */
  server_errors: number
  /** Kept whole by the edge. */
  memory: number
  /** Read from the store, and kept from then on. */
  miss: number
  /** Sent from the store: too large to keep. */
  file: number
  /** 304: the visitor had it. */
  not_modified: number
  /** Redirects and pages of the edge itself. */
  made: number
  /** A rewrite to another address. */
  proxied: number
  /** Half of the answers took no longer; microseconds. */
  p50_us: number | null
  p95_us: number | null
  p99_us: number | null
}

export interface TrafficPoint {
  requests: number
  /** Sent, heads included. */
  bytes: number
  /** 2xx */
  success: number
  /** 3xx */
  redirects: number
  /** 4xx */
  client_errors: number
  /** 5xx */
  server_errors: number
  /** Kept whole by the edge. */
  memory: number
  /** Read from the store, and kept from then on. */
  miss: number
  /** Sent from the store: too large to keep. */
  file: number
  /** 304: the visitor had it. */
  not_modified: number
  /** Redirects and pages of the edge itself. */
  made: number
  /** A rewrite to another address. */
  proxied: number
  /** Half of the answers took no longer; microseconds. */
  p50_us: number | null
  p95_us: number | null
  p99_us: number | null
  begin_ms: number
}

export interface DeploymentTraffic {
  requests: number
  /** Sent, heads included. */
  bytes: number
  /** 2xx */
  success: number
  /** 3xx */
  redirects: number
  /** 4xx */
  client_errors: number
  /** 5xx */
  server_errors: number
  /** Kept whole by the edge. */
  memory: number
  /** Read from the store, and kept from then on. */
  miss: number
  /** Sent from the store: too large to keep. */
  file: number
  /** 304: the visitor had it. */
  not_modified: number
  /** Redirects and pages of the edge itself. */
  made: number
  /** A rewrite to another address. */
  proxied: number
  /** Half of the answers took no longer; microseconds. */
  p50_us: number | null
  p95_us: number | null
  p99_us: number | null
  /** Id; empty: of hosts that lead to none, and of before it was counted. */
  deployment: string
}

export interface Ranked {
  name: string
  requests: number
  /** It was asked for at least `requests` - `error` times. */
  error: number
}

export interface KeptCache {
  /** Host name. */
  worker: string
  name: string
  kind: 'install' | 'bundler' | 'downloads' | 'repository' | 'toolchain'
  /** production or preview; null: not known. */
  trust: string | null
  /** Of a bundler's cache. */
  branch: string | null
  bytes: number
  used_at_ms: number
}

export interface ProjectCaches {
  items: KeptCache[]
  next: string | null
  bytes: number
  /** Of this project on all workers. */
  budget_bytes: number
  /** That have said what they keep. */
  workers: number
}

export interface ClearedCaches {
  removed: number
  removed_bytes: number
  /** A build needs them: they stay. */
  in_use: number
  in_use_bytes: number
  /** Their workers have not answered yet; they go as soon as these do. */
  unanswered: number
  unanswered_bytes: number
}

export interface CacheSum {
  /** Id; null: toolchains, which all share. */
  project: string | null
  /** null: toolchains, or the project is gone. */
  project_name: string | null
  caches: number
  bytes: number
  used_at_ms: number
}

export interface WorkerCaches {
  /** Host name. */
  name: string
  bytes: number
  budget_bytes: number
  /** Of each project. */
  project_budget_bytes: number
}

export interface InstanceCaches {
  items: CacheSum[]
  next: string | null
  bytes: number
  budget_bytes: number
  workers: WorkerCaches[]
}

export interface BuildTotals {
  /** That have ended, however. */
  builds: number
  /** Of them. */
  failed: number
  /** Of them: an earlier build was published again. */
  reused: number
  /** By workers, for all of them together. */
  worked_ms: number
  /** Of those that became ready and were built. */
  p50_ms: number | null
  p95_ms: number | null
}

export interface BuildPoint {
  /** That have ended, however. */
  builds: number
  /** Of them. */
  failed: number
  /** Of them: an earlier build was published again. */
  reused: number
  /** By workers, for all of them together. */
  worked_ms: number
  /** Of those that became ready and were built. */
  p50_ms: number | null
  p95_ms: number | null
  begin_ms: number
}

export interface BuildTimes {
  from_ms: number
  to_ms: number
  step_ms: number
  totals: BuildTotals
  /** Oldest first; steps without a build are left out. */
  points: BuildPoint[]
  /** There were more than 10,000; the oldest are missing. */
  cut: boolean
}

export interface Traffic {
  from_ms: number
  to_ms: number
  step_ms: number
  totals: TrafficTotals
  /** Oldest first; steps without a request are left out. */
  points: TrafficPoint[]
  paths: Ranked[]
  referrers: Ranked[]
  /** Paths that were answered with 404. */
  missing: Ranked[]
  /** The most asked for first, at most 20. */
  deployments: DeploymentTraffic[]
}

export interface Promotion {
  deployment: string
  generation: number
  kind: 'deploy' | 'promote' | 'roll_back'
  actor: string
  reason: string
  at_ms: number
}

export interface NewSchedule {
  /** Minute, hour, day of the month, month, day of the week: 30 4 * * mon-fri */
  cron: string
  /** Europe/Berlin; UTC unless given. */
  time_zone?: string
  /** A branch; the production branch unless given. */
  ref?: string
}

export interface Schedule {
  id: string
  project: string
  cron: string
  time_zone: string
  ref: string
  created_by: string
  created_at_ms: number
  next_at_ms: number | null
  last_at_ms: number | null
  last_deployment: string | null
  trouble: string
}

export interface Preview {
  ref: string
  deployment: string
  state:
    | 'queued'
    | 'preparing'
    | 'cloning'
    | 'installing'
    | 'building'
    | 'publishing'
    | 'ready'
    | 'failed'
    | 'canceled'
    | 'superseded'
    | 'skipped'
  url: string | null
  deployed_at_ms: number
  kept: boolean
  expires_at_ms: number | null
  expired_at_ms: number | null
}

export interface Production {
  deployment: string | null
  generation: number
  rolled_back: boolean
  history: Promotion[]
}

export interface Health {
  status: string
  version: string
  detail: string
}

export interface Settings {
  public_signup: boolean
  base_host: string
  platform_url: string
}

export interface Event {
  topic: string
  type: string
  id: string
  at_ms: number
}

export interface Team {
  id: string
  slug: string
  name: string
  role: 'viewer' | 'developer' | 'admin' | 'owner'
  created_at_ms: number
  /** From when on its people need one; none: they do not. */
  second_factor_from_ms: number | null
  /** Who asks needs one, and has none. */
  second_factor_missing: boolean
}

export interface Member {
  id: string
  email: string
  role: 'viewer' | 'developer' | 'admin' | 'owner'
  disabled: boolean
}

export interface Invitation {
  id: string
  email: string
  role: 'viewer' | 'developer' | 'admin' | 'owner'
  invited_by: string
  created_at_ms: number
  expires_at_ms: number
}

export interface MadeInvitation {
  id: string
  email: string
  role: 'viewer' | 'developer' | 'admin' | 'owner'
  invited_by: string
  created_at_ms: number
  expires_at_ms: number
  /** Shown once. */
  url: string
}

export interface OpenInvitation {
  /** Its name. */
  team: string
  email: string
  role: 'viewer' | 'developer' | 'admin' | 'owner'
  expires_at_ms: number
  has_account: boolean
}
