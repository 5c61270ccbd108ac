// What a deployment's rule files say, and why a URL is answered as it is. Not in queries.ts, which every
// page needs.

import { queryOptions } from '@tanstack/react-query'

import { call, Problem } from './client'
import type { Check, Explanation, ListPage, RuleOrigin, Rules } from './types'

const part = encodeURIComponent

/** null = nothing was published. */
export const rulesQuery = (deployment: string) =>
  queryOptions({
    queryKey: ['rules', deployment],
    queryFn: async (): Promise<Rules | null> => {
      try {
        return await call<Rules>(`/deployments/${part(deployment)}/rules`)
      } catch (error) {
        if (error instanceof Problem && error.body.code === 'nothing_published') return null
        throw error
      }
    },
    staleTime: Number.POSITIVE_INFINITY, // what is published does not change
  })

export const checksQuery = (deployment: string) =>
  queryOptions({
    queryKey: ['checks', deployment],
    queryFn: async () =>
      (await call<ListPage<Check>>(`/deployments/${part(deployment)}/checks`)).items,
    staleTime: Number.POSITIVE_INFINITY,
  })

/** What a visitor asks: "https://shop.example/a?b=1", or "/a?b=1" of the project's own host. */
export interface Question {
  url: string
  headers?: Record<string, string>
  country?: string
  roles?: string[]
}

export const explain = (deployment: string, question: Question) =>
  call<Explanation>(`/deployments/${part(deployment)}/explain`, { method: 'POST', body: question })

/** "_redirects:3"; a line that is not known is 0. */
export const placeOf = ({ file, line }: Pick<RuleOrigin, 'file' | 'line'>) =>
  line === 0 ? file : `${file}:${line}`
