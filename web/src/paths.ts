// Every address of the dashboard; one test walks them all.

export const pages = {
  setup: '/setup',
  login: '/login',
  callback: '/login/callback/$provider',
  access: '/access',
  invitation: '/invitations/$secret',
  projects: '/',
  new_project: '/new',
  project: '/p/$project',
  deployments: '/p/$project/deployments',
  deployment: '/p/$project/d/$deployment',
  previews: '/p/$project/previews',
  logs: '/p/$project/logs',
  traffic: '/p/$project/traffic',
  env: '/p/$project/env',
  project_settings: '/p/$project/settings',
  sessions: '/sessions',
  tokens: '/tokens',
  device: '/device',
  teams: '/teams',
  team: '/teams/$team',
  team_audit: '/teams/$team/audit',
  users: '/users',
  audit: '/audit',
  settings: '/settings',
  reference: '/reference',
} as const

export type Page = (typeof pages)[keyof typeof pages]
