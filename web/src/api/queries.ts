import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'

import { call, callVersioned, Problem } from './client'
import type {
  AccessCode,
  AuditRow,
  Channel,
  DeletedProject,
  Delivery,
  Deployment,
  DeploymentDiff,
  GitConnection,
  GitRequest,
  InstanceSettings,
  Invitation,
  LinkedIdentity,
  ListPage,
  MailServer,
  Member,
  Notification,
  OpenInvitation,
  OutputFile,
  Passkey,
  Production,
  Project,
  ProjectCaches,
  ProjectGit,
  ProviderButton,
  RemoteRepository,
  SecondFactor as SecondFactorState,
  Session,
  SessionRow,
  SetupState,
  ShareLink,
  SignInProvider,
  Team,
  Token,
  User,
  Variable,
  VariableChanges,
  Webhook,
} from './types'

const part = encodeURIComponent

/** null = nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => {
    try {
      return await call<Session>('/auth/session', { asking: true })
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null
      throw error
    }
  },
  staleTime: 60_000,
})

export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: () => call<SetupState>('/setup', { anonymous: true }),
  staleTime: Number.POSITIVE_INFINITY,
})

/** What the buttons of the sign-in page lead to. */
export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: () => call<ListPage<ProviderButton>>('/auth/providers', { anonymous: true }),
  staleTime: 60_000,
})

export const identitiesQuery = queryOptions({
  queryKey: ['identities'],
  queryFn: () => call<ListPage<LinkedIdentity>>('/auth/identities'),
})

export const signInProvidersQuery = queryOptions({
  queryKey: ['sign-in-providers'],
  queryFn: () => call<ListPage<SignInProvider>>('/instance/sign-in-providers'),
})

const projectsPage = (limit: number, q: string, cursor: string) =>
  call<ListPage<Project>>(
    `/projects?limit=${limit}${q && `&q=${part(q)}`}${cursor && `&cursor=${part(cursor)}`}`,
  )

/** Newest first, by pages; `q` is a part of the name or of the repository's address. */
export const projectsQuery = (q = '') =>
  infiniteQueryOptions({
    queryKey: ['projects', { q }],
    queryFn: ({ pageParam }) => projectsPage(30, q, pageParam),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
  })

/** What the rail has room for. */
export const newestProjectsQuery = queryOptions({
  queryKey: ['projects', 'newest'],
  queryFn: async () => (await projectsPage(12, '', '')).items,
})

/** For a choice among all. More than 2,000 projects belong to the API, not to one list. */
export const allProjectsQuery = queryOptions({
  queryKey: ['projects', 'all of them'],
  queryFn: async () => {
    const items: Project[] = []
    let cursor: string | null = ''
    for (let page = 0; page < 20 && cursor !== null; page++) {
      const answer: ListPage<Project> = await projectsPage(100, '', cursor)
      items.push(...answer.items)
      cursor = answer.next
    }
    return items
  },
})

export const projectQuery = (project: string) =>
  queryOptions({
    queryKey: ['project', project],
    queryFn: () => callVersioned<Project>(`/projects/${part(project)}`),
  })

export const deploymentsQuery = (project: string) =>
  infiniteQueryOptions({
    queryKey: ['deployments', project],
    queryFn: ({ pageParam }) =>
      call<ListPage<Deployment>>(
        `/projects/${part(project)}/deployments?limit=30${pageParam ? `&cursor=${part(pageParam)}` : ''}`,
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
  })

export const deploymentQuery = (deployment: string) =>
  queryOptions({
    queryKey: ['deployment', deployment],
    queryFn: () => call<Deployment>(`/deployments/${part(deployment)}`),
  })

export const filesQuery = (deployment: string) =>
  queryOptions({
    queryKey: ['files', deployment],
    queryFn: () => call<ListPage<OutputFile>>(`/deployments/${part(deployment)}/files`),
    staleTime: Number.POSITIVE_INFINITY, // a finished deployment does not change
  })

export const productionQuery = (project: string) =>
  queryOptions({
    queryKey: ['production', project],
    queryFn: () => call<Production>(`/projects/${part(project)}/production`),
  })

export const variablesQuery = (project: string) =>
  queryOptions({
    queryKey: ['env', project],
    queryFn: () => callVersioned<{ items: Variable[] }>(`/projects/${part(project)}/env`),
  })

/** A key of its own: variables that are being edited are not asked for again when this is. */
export const variableChangesQuery = (project: string) =>
  queryOptions({
    queryKey: ['env-changes', project],
    queryFn: () => call<VariableChanges>(`/projects/${part(project)}/env/changes`),
  })

/** Workers say what they keep after each job, and every half minute. */
export const cachesQuery = (project: string) =>
  queryOptions({
    queryKey: ['caches', project],
    queryFn: () => call<ProjectCaches>(`/projects/${part(project)}/caches`),
    refetchInterval: 30_000,
  })

export const hookQuery = (project: string) =>
  queryOptions({
    queryKey: ['hook', project],
    queryFn: () => call<{ url: string | null }>(`/projects/${part(project)}/hook`),
  })

/** The accounts at Git hosts that a team has. */
export const connectionsQuery = (team: string) =>
  queryOptions({
    queryKey: ['git-connections', team],
    queryFn: () => call<ListPage<GitConnection>>(`/teams/${part(team)}/git-connections?limit=100`),
  })

export const repositoriesQuery = (team: string, connection: string, search: string) =>
  infiniteQueryOptions({
    queryKey: ['git-repositories', connection, search],
    queryFn: ({ pageParam, signal }) =>
      call<ListPage<RemoteRepository>>(
        `/teams/${part(team)}/git-connections/${part(connection)}/repositories?search=${part(search)}${pageParam ? `&cursor=${part(pageParam)}` : ''}`,
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
    retry: false, // the server has tried already
  })

export const gitQuery = (project: string) =>
  queryOptions({
    queryKey: ['git', project],
    queryFn: () => call<ProjectGit>(`/projects/${part(project)}/git`),
  })

/** The open pull requests; no event tells of them. */
export const requestsQuery = (project: string) =>
  queryOptions({
    queryKey: ['git-requests', project],
    queryFn: () => call<ListPage<GitRequest>>(`/projects/${part(project)}/git/requests?limit=100`),
    refetchInterval: 30_000,
  })

export const webhookQuery = (project: string) =>
  queryOptions({
    queryKey: ['webhook', project],
    queryFn: () => call<Webhook>(`/projects/${part(project)}/webhook`),
  })

/** The newest ones; no event tells of those that deploy nothing. */
export const deliveriesQuery = (project: string) =>
  queryOptions({
    queryKey: ['deliveries', project],
    queryFn: () =>
      call<ListPage<Delivery>>(`/projects/${part(project)}/webhook/deliveries?limit=20`),
    refetchInterval: 30_000,
  })

export const shareLinksQuery = (project: string) =>
  queryOptions({
    queryKey: ['share-links', project],
    queryFn: () => call<ListPage<ShareLink>>(`/projects/${part(project)}/share-links`),
  })

/** Asked once: each code works once. */
export const accessCodeQuery = (host: string, return_to: string) =>
  queryOptions({
    queryKey: ['access-code', host, return_to],
    queryFn: () => call<AccessCode>('/access-codes', { method: 'POST', body: { host, return_to } }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  })

export const secondFactorQuery = queryOptions({
  queryKey: ['second-factor'],
  queryFn: () => call<SecondFactorState>('/auth/second-factor'),
})

export const passkeysQuery = queryOptions({
  queryKey: ['passkeys'],
  queryFn: () => call<ListPage<Passkey>>('/auth/passkeys'),
})

export interface AuditSearch {
  actor?: string
  action?: string
  project?: string
  since_ms?: number
}

/** `end`: what comes after the log's own address, a `?` included. */
export const auditPath = (team: string | undefined, search: AuditSearch, end: string) => {
  const filters = Object.entries(search)
    .filter(([, value]) => value)
    .map(([name, value]) => `&${name}=${part(String(value))}`)
  return `${team ? `/teams/${part(team)}` : ''}/audit${end}${filters.join('')}`
}

export const auditQuery = (team: string | undefined, search: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ['audit', team, search],
    queryFn: ({ pageParam }) =>
      call<ListPage<AuditRow>>(
        `${auditPath(team, search, '?limit=50')}${pageParam ? `&cursor=${part(pageParam)}` : ''}`,
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
  })

/** The secret is the credential: asked without a session, and not kept when the page is left. */
export const invitationQuery = (secret: string) =>
  queryOptions({
    queryKey: ['invitation', secret],
    queryFn: () =>
      call<OpenInvitation>(`/invitations/${encodeURIComponent(secret)}`, { anonymous: true }),
    gcTime: 0,
    retry: false,
  })

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: () => call<ListPage<SessionRow>>('/sessions'),
})

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: () => call<ListPage<Token>>('/tokens'),
})

export const teamsQuery = queryOptions({
  queryKey: ['teams'],
  queryFn: () => call<ListPage<Team>>('/teams'),
})

export const membersQuery = (team: string) =>
  queryOptions({
    queryKey: ['teams', team, 'members'],
    queryFn: () => call<ListPage<Member>>(`/teams/${part(team)}/members?limit=100`),
  })

export const invitationsQuery = (team: string) =>
  queryOptions({
    queryKey: ['teams', team, 'invitations'],
    queryFn: () => call<ListPage<Invitation>>(`/teams/${part(team)}/invitations?limit=100`),
  })

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: () => call<ListPage<User>>('/users'),
})

export const instanceQuery = queryOptions({
  queryKey: ['instance'],
  queryFn: () => callVersioned<InstanceSettings>('/instance/settings'),
  staleTime: 60_000,
})

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: () => call<{ status: string; version: string }>('/instance/health', { anonymous: true }),
  staleTime: Number.POSITIVE_INFINITY,
})

export const deletedProjectsQuery = (team: string) =>
  queryOptions({
    queryKey: ['teams', team, 'deleted'],
    queryFn: () => call<ListPage<DeletedProject>>(`/teams/${part(team)}/deleted-projects`),
  })

export const channelsQuery = (team: string) =>
  queryOptions({
    queryKey: ['teams', team, 'channels'],
    queryFn: () => call<ListPage<Channel>>(`/teams/${part(team)}/channels`),
  })

/** Asked again while one waits: a test is sent within a second or two. */
export const notificationsQuery = (team: string, channel: string) =>
  queryOptions({
    queryKey: ['teams', team, 'channels', channel, 'notifications'],
    queryFn: () =>
      call<ListPage<Notification>>(`/teams/${part(team)}/channels/${part(channel)}/notifications`),
    refetchInterval: (query) =>
      query.state.data?.items.some((one) => one.state === 'waiting') ? 1_000 : false,
  })

/** null: not an owner of the instance. */
export const mailQuery = queryOptions({
  queryKey: ['mail'],
  queryFn: async (): Promise<{ server: MailServer | null } | null> => {
    try {
      return await call<{ server: MailServer | null }>('/instance/mail')
    } catch (error) {
      if (error instanceof Problem && error.status === 403) return null
      throw error
    }
  },
})

export const diffQuery = (from: string, to: string) =>
  queryOptions({
    queryKey: ['diff', from, to],
    queryFn: () => call<DeploymentDiff>(`/deployments/${part(from)}/diff/${part(to)}`),
    staleTime: Number.POSITIVE_INFINITY, // both are what they are for good
  })
