// What the API says, under the names that the pages use. The shapes are schema.ts, which is written out of
// the API's own description; here stand only other names, and what the description keeps inside a route.

import type {
  Channel,
  CredentialView,
  Deployment,
  Token as ListedToken,
  User as ListedUser,
  Member,
  Problem,
  Project,
  ProjectDraft,
  Promotion,
  Step,
  Variable,
  VariableInput,
} from './schema'

export type {
  AccessCode,
  AddedWebhook,
  AuditRow,
  AuditVerdict,
  BuildPoint,
  BuildTimes,
  BuildTotals,
  Channel,
  ChannelConfig,
  Check,
  ClearedCaches,
  CredentialInput,
  CredentialView,
  DeletedProject,
  Delivery,
  DeployKey,
  Deployment,
  DeploymentDiff,
  DeploymentTraffic,
  DeviceRequest,
  Event as LiveEvent,
  Explanation,
  File as OutputFile,
  GitConnection,
  GitRequest,
  Inspection,
  Invitation,
  KeptCache,
  LinkedIdentity,
  LogHit,
  LogHits,
  MadeInvitation,
  MailServer,
  Member,
  NewSchedule,
  NewShareLink,
  Notification,
  OpenInvitation,
  Passkey,
  PasskeyQuestion,
  PasskeyWish,
  Plan,
  Planned,
  Preview,
  Production,
  Project,
  ProjectCaches,
  ProjectGit,
  ProjectSettings,
  Promotion as PointerMove,
  ProviderButton,
  ProviderPlace,
  Ranked,
  RecoveryCodes,
  RemoteRepository,
  RuleOrigin,
  RuleProblem,
  Rules,
  Schedule,
  SecondFactor,
  Session as SessionRow,
  SessionInfo as Session,
  Settings as InstanceSettings,
  Setup as SetupState,
  ShareLink,
  SignInProvider,
  SiteAccess,
  Step,
  Team,
  TotpOffer,
  Traffic,
  TrafficPoint,
  TrafficTotals,
  Variable,
  VariableChanges,
  VariableInput,
  Webhook,
  WebhookHint,
} from './schema'

export type State = Deployment['state']
export type Reason = NonNullable<Deployment['reason']>
export type StepName = Step['name']
export type Environment = Deployment['environment']
export type CredentialKind = CredentialView['kind']
export type ProductionPointer = NonNullable<Project['production']>
export type VariableEnvironment = Variable['environment']
export type TeamRole = Member['role']
export type TokenScope = ListedToken['scope']
export type PromotionKind = Promotion['kind']
export type NewVariable = VariableInput
export type NewProject = ProjectDraft

/** Only the answer that made or reset somebody has the one-time password. */
export type User = ListedUser & { password?: string | null }

/** Only the answer that made it has the token itself. */
export type Token = ListedToken & { token?: string }

export interface ListPage<T> {
  items: T[]
  next: string | null
}

/** RFC 9457, with our members. A proxy's own answer has none of them. */
export type ProblemBody = Pick<Problem, 'status' | 'code' | 'detail'> & Partial<Problem>

/** The secret of a webhook's signatures is in the answer that made it alone. */
export interface AddedChannel {
  channel: Channel
  secret: string
}
