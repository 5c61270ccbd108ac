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

// Not the log's own reader of styles: a second user would take it out of the log's chunk.
const escapes =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.?)|[\u0000-\u0008\u000b-\u001f\u007f]/g

// Characters that reorder or hide text; shown as what they are, as in the log.
const hidden = /[\u200b\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]/g
const spell = (character: string) =>
  `‹U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}›`

/** A line as people read it: without colours, titles and control characters. */
export const plainText = (text: string): string => text.replace(escapes, '').replace(hidden, spell)

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
