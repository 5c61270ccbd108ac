// What the pages do. Each answers with the server's word, and the caches follow the server: nothing is
// shown as done before it is.

import type { QueryClient } from '@tanstack/react-query'

import { call } from './client'
import type {
  AddedWebhook,
  ClearedCaches,
  Delivery,
  Deployment,
  Production,
  Project,
} from './types'

const part = encodeURIComponent

/** Everything that shows deployments of a project asks again. */
export const refreshProject = (client: QueryClient) =>
  Promise.all(
    ['projects', 'project', 'deployments', 'deployment', 'production'].map((key) =>
      client.invalidateQueries({ queryKey: [key] }),
    ),
  )

export const deploy = (
  project: string,
  body: { ref?: string; reuse?: boolean; use_caches?: boolean; upload?: string } = {},
) => call<Deployment>(`/projects/${part(project)}/deployments`, { method: 'POST', body })

export const redeploy = (deployment: string, how: { use_caches?: boolean } = {}) =>
  call<Deployment>(`/deployments/${part(deployment)}/redeploy`, { method: 'POST', body: how })

export const clearCaches = (project: string) =>
  call<ClearedCaches>(`/projects/${part(project)}/caches`, { method: 'DELETE' })

/** A new secret; the old one stops working. */
export const makeWebhook = (project: string) =>
  call<AddedWebhook>(`/projects/${part(project)}/webhook`, { method: 'POST', body: {} })

export const removeWebhook = (project: string) =>
  call<void>(`/projects/${part(project)}/webhook`, { method: 'DELETE' })

export const redeliver = (project: string, delivery: string) =>
  call<Delivery>(`/projects/${part(project)}/webhook/deliveries/${part(delivery)}/redeliver`, {
    method: 'POST',
    body: {},
  })

export const cancel = (deployment: string) =>
  call<Deployment | undefined>(`/deployments/${part(deployment)}/cancel`, {
    method: 'POST',
    body: {},
  })

export const remove = (deployment: string) =>
  call<void>(`/deployments/${part(deployment)}`, { method: 'DELETE' })

export const promote = (
  project: string,
  deployment: string,
  how: { reason?: string; force?: boolean } = {},
) =>
  call<Production>(`/projects/${part(project)}/production`, {
    method: 'PUT',
    body: { deployment, ...how },
  })

export const transferProject = (project: Project, team: string) =>
  call<Project>(`/projects/${part(project.id)}/transfer`, { method: 'POST', body: { team } })

export const removeProject = (project: Project) =>
  call<void>(`/projects/${part(project.id)}`, { method: 'DELETE' })
