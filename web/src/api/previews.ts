// What is deployed of branches and requests. Not in queries.ts, which every page needs.

import { queryOptions } from '@tanstack/react-query'

import { call } from './client'
import type { ListPage, Preview } from './types'

const path = (project: string) => `/projects/${encodeURIComponent(project)}/previews`

export const previewsQuery = (project: string) =>
  queryOptions({
    queryKey: ['previews', project],
    queryFn: async () => (await call<ListPage<Preview>>(path(project))).items,
  })

export const keepPreview = (project: string, ref: string, kept: boolean) =>
  call<Preview>(path(project), { method: 'PUT', body: { ref, kept } })
