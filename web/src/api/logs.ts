import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query'

import { call } from './client'
import type { LogHits } from './types'

export const levels = ['warning', 'error'] as const
export const steps = ['prepare', 'clone', 'install', 'build', 'publish'] as const

/** What is looked for; all of it stands in the address of the page. */
export interface LogWish {
  q?: string
  regex?: true
  level?: (typeof levels)[number]
  step?: (typeof steps)[number]
}

export const searchOf = ({ q = '', regex, level, step }: LogWish): string => {
  const query = new URLSearchParams({ q, limit: '50' })
  if (regex) query.set('match', 'regex')
  if (level) query.set('level', level)
  if (step) query.set('step', step)
  return query.toString()
}

export const logSearchQuery = (project: string, wish: LogWish) =>
  infiniteQueryOptions({
    queryKey: ['log-search', project, searchOf(wish)],
    queryFn: ({ pageParam }) =>
      call<LogHits>(
        `/projects/${encodeURIComponent(project)}/logs/search?${searchOf(wish)}${
          pageParam ? `&cursor=${encodeURIComponent(pageParam)}` : ''
        }`,
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
    enabled: Boolean(wish.q || wish.level || wish.step),
    placeholderData: keepPreviousData,
  })
