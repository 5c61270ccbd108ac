// Redeploys by the clock. Not in queries.ts, which every page needs.

import { queryOptions } from '@tanstack/react-query'

import { call } from './client'
import type { ListPage, NewSchedule, Schedule } from './types'

const path = (project: string) => `/projects/${encodeURIComponent(project)}/schedules`

export const schedulesQuery = (project: string) =>
  queryOptions({
    queryKey: ['schedules', project],
    queryFn: async () => (await call<ListPage<Schedule>>(path(project))).items,
  })

export const addSchedule = (project: string, schedule: NewSchedule) =>
  call<Schedule>(path(project), { method: 'POST', body: schedule })

export const removeSchedule = (project: string, id: string) =>
  call<void>(`${path(project)}/${encodeURIComponent(id)}`, { method: 'DELETE' })
