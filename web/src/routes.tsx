import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { type LogWish, levels, steps } from './api/logs'
import {
  deploymentQuery,
  deploymentsQuery,
  instanceQuery,
  membersQuery,
  productionQuery,
  projectQuery,
  projectsQuery,
  sessionQuery,
  sessionsQuery,
  setupQuery,
  teamsQuery,
  tokensQuery,
  usersQuery,
  variablesQuery,
} from './api/queries'
import type { PlotName, Span } from './api/traffic'
import { Broken, NotFound } from './parts/Broken'
import { pages } from './paths'

const root = createRootRouteWithContext<{ client: QueryClient }>()({ component: Outlet })

/** Sends whoever is not signed in to do so; a fresh install is sent to its set-up. */
const signedIn = async (client: QueryClient, href: string) => {
  if (await client.ensureQueryData(sessionQuery)) return
  const setup = await client.fetchQuery(setupQuery)
  if (setup.needed) throw redirect({ to: pages.setup })
  throw redirect({ to: pages.login, search: { next: href === '/' ? undefined : href } })
}

/** Everything of the dashboard itself. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  component: lazyRouteComponent(() => import('./parts/Shell')),
  beforeLoad: ({ context: { client }, location }) => signedIn(client, location.href),
})

const textOf = (value: unknown) => (typeof value === 'string' && value ? value : undefined)

const setup = createRoute({
  getParentRoute: () => root,
  path: pages.setup,
  validateSearch: (search: Record<string, unknown>): { code?: string } => ({
    // A code of digits arrives as a number.
    code: textOf(typeof search.code === 'number' ? String(search.code) : search.code),
  }),
  beforeLoad: async ({ context: { client } }) => {
    const { needed } = await client.fetchQuery({ ...setupQuery, staleTime: 0 })
    if (!needed) throw redirect({ to: pages.projects })
  },
  component: lazyRouteComponent(() => import('./pages/SetupPage')),
})

const login = createRoute({
  getParentRoute: () => root,
  path: pages.login,
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({
    next: textOf(search.next),
  }),
  component: lazyRouteComponent(() => import('./pages/LoginPage')),
})

const callback = createRoute({
  getParentRoute: () => root,
  path: pages.callback,
  component: lazyRouteComponent(() => import('./pages/CallbackPage')),
})

const access = createRoute({
  getParentRoute: () => root,
  path: pages.access,
  validateSearch: (search: Record<string, unknown>): { host?: string; return?: string } => ({
    host: textOf(search.host),
    return: textOf(search.return),
  }),
  beforeLoad: ({ context: { client }, location }) => signedIn(client, location.href),
  component: lazyRouteComponent(() => import('./pages/AccessPage')),
})

const invitation = createRoute({
  getParentRoute: () => root,
  path: pages.invitation,
  component: lazyRouteComponent(() => import('./pages/InvitationPage')),
})

const projects = createRoute({
  getParentRoute: () => app,
  path: pages.projects,
  loader: ({ context: { client } }) => client.ensureInfiniteQueryData(projectsQuery()),
  component: lazyRouteComponent(() => import('./pages/ProjectsPage')),
})

const newProject = createRoute({
  getParentRoute: () => app,
  path: pages.new_project,
  validateSearch: (search: Record<string, unknown>): { repo?: string } => ({
    repo: textOf(search.repo),
  }),
  component: lazyRouteComponent(() => import('./pages/NewProjectPage')),
})

const project = createRoute({
  getParentRoute: () => app,
  path: pages.project,
  loader: ({ context: { client }, params }) => client.ensureQueryData(projectQuery(params.project)),
  component: lazyRouteComponent(() => import('./parts/ProjectShell')),
})

const overview = createRoute({
  getParentRoute: () => project,
  path: '/',
  loader: ({ context: { client }, params }) => {
    void client.prefetchInfiniteQuery(deploymentsQuery(params.project))
  },
  component: lazyRouteComponent(() => import('./pages/OverviewPage')),
})

const deployments = createRoute({
  getParentRoute: () => project,
  path: '/deployments',
  validateSearch: (search: Record<string, unknown>): { show?: string } => ({
    show: textOf(search.show),
  }),
  loader: ({ context: { client }, params }) => {
    void client.prefetchInfiniteQuery(deploymentsQuery(params.project))
  },
  component: lazyRouteComponent(() => import('./pages/DeploymentsPage')),
})

const trafficSpans = ['2h', '24h', '7d', '90d'] as const satisfies Span[]
const trafficPlots = ['sent', 'times', 'memory'] as const satisfies PlotName[]

const deploymentTabs = ['files', 'rules', 'checks', 'details'] as const
export type DeploymentTab = (typeof deploymentTabs)[number]

const deployment = createRoute({
  getParentRoute: () => project,
  path: '/d/$deployment',
  validateSearch: (search: Record<string, unknown>): { tab?: DeploymentTab } => ({
    tab: deploymentTabs.find((tab) => tab === search.tab),
  }),
  loader: ({ context: { client }, params }) =>
    client.ensureQueryData(deploymentQuery(params.deployment)),
  component: lazyRouteComponent(() => import('./pages/DeploymentPage')),
})

const previews = createRoute({
  getParentRoute: () => project,
  path: '/previews',
  component: lazyRouteComponent(() => import('./pages/PreviewsPage')),
})

const logs = createRoute({
  getParentRoute: () => project,
  path: '/logs',
  validateSearch: (search: Record<string, unknown>): LogWish => ({
    q: textOf(search.q),
    regex: search.regex === true || undefined,
    level: levels.find((level) => level === search.level),
    step: steps.find((step) => step === search.step),
  }),
  component: lazyRouteComponent(() => import('./pages/LogsPage')),
})

const traffic = createRoute({
  getParentRoute: () => project,
  path: '/traffic',
  validateSearch: (
    search: Record<string, unknown>,
  ): { span?: Span; plot?: PlotName; deployment?: string } => ({
    span: trafficSpans.find((span) => span === search.span),
    plot: trafficPlots.find((plot) => plot === search.plot),
    deployment:
      typeof search.deployment === 'string' && /^dpl_\w+$/.test(search.deployment)
        ? search.deployment
        : undefined,
  }),
  component: lazyRouteComponent(() => import('./pages/TrafficPage')),
})

const env = createRoute({
  getParentRoute: () => project,
  path: '/env',
  loader: ({ context: { client }, params }) =>
    client.ensureQueryData(variablesQuery(params.project)),
  component: lazyRouteComponent(() => import('./pages/EnvPage')),
})

const projectSettings = createRoute({
  getParentRoute: () => project,
  path: '/settings',
  loader: ({ context: { client }, params }) => {
    void client.prefetchQuery(productionQuery(params.project))
  },
  component: lazyRouteComponent(() => import('./pages/ProjectSettingsPage')),
})

const sessions = createRoute({
  getParentRoute: () => app,
  path: pages.sessions,
  loader: ({ context: { client } }) => client.ensureQueryData(sessionsQuery),
  component: lazyRouteComponent(() => import('./pages/SessionsPage')),
})

const reference = createRoute({
  getParentRoute: () => app,
  path: pages.reference,
  validateSearch: (search: Record<string, unknown>): { q?: string } => ({ q: textOf(search.q) }),
  component: lazyRouteComponent(() => import('./pages/ReferencePage')),
})

const tokens = createRoute({
  getParentRoute: () => app,
  path: pages.tokens,
  loader: ({ context: { client } }) => client.ensureQueryData(tokensQuery),
  component: lazyRouteComponent(() => import('./pages/TokensPage')),
})

const device = createRoute({
  getParentRoute: () => app,
  path: pages.device,
  component: lazyRouteComponent(() => import('./pages/DevicePage')),
})

const teams = createRoute({
  getParentRoute: () => app,
  path: pages.teams,
  loader: ({ context: { client } }) => client.ensureQueryData(teamsQuery),
  component: lazyRouteComponent(() => import('./pages/TeamsPage')),
})

const team = createRoute({
  getParentRoute: () => app,
  path: pages.team,
  loader: ({ context: { client }, params }) => client.ensureQueryData(membersQuery(params.team)),
  component: lazyRouteComponent(() => import('./pages/TeamPage')),
})

const teamAudit = createRoute({
  getParentRoute: () => app,
  path: pages.team_audit,
  component: lazyRouteComponent(() => import('./pages/TeamAuditPage')),
})

const audit = createRoute({
  getParentRoute: () => app,
  path: pages.audit,
  component: lazyRouteComponent(() => import('./pages/AuditPage')),
})

const users = createRoute({
  getParentRoute: () => app,
  path: pages.users,
  loader: ({ context: { client } }) => client.ensureQueryData(usersQuery),
  component: lazyRouteComponent(() => import('./pages/UsersPage')),
})

const settings = createRoute({
  getParentRoute: () => app,
  path: pages.settings,
  loader: ({ context: { client } }) => client.ensureQueryData(instanceQuery),
  component: lazyRouteComponent(() => import('./pages/SettingsPage')),
})

export const routeTree = root.addChildren([
  setup,
  login,
  callback,
  access,
  invitation,
  app.addChildren([
    projects,
    newProject,
    project.addChildren([
      overview,
      deployments,
      deployment,
      previews,
      logs,
      traffic,
      env,
      projectSettings,
    ]),
    sessions,
    reference,
    tokens,
    device,
    teams,
    team,
    teamAudit,
    users,
    audit,
    settings,
  ]),
])

export const makeRouter = (client: QueryClient) =>
  createRouter({
    routeTree,
    context: { client },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0, // the query cache decides what is fresh
    scrollRestoration: true,
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: Broken,
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
