import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { type KeyboardEvent, useDeferredValue, useEffect, useRef, useState } from 'react'

import { projectsQuery } from '../api/queries'
import type { Deployment } from '../api/types'
import { bare, short } from '../format'
import { pages } from '../paths'
import { cx } from '../ui/classes'
import { Icon, type IconName } from '../ui/Icon'

interface Entry {
  id: string
  label: string
  aside?: string
  icon: IconName
  run: () => void
}

/** Fits when the words of the query all occur; earlier is better. */
export const rank = (query: string, label: string): number => {
  const text = label.toLowerCase()
  let score = 0
  for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = text.indexOf(word)
    if (at < 0) return -1
    score += at === 0 ? 0 : /[^a-z0-9]/.test(text[at - 1]!) ? 1 : 2
  }
  return score
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate()
  const client = useQueryClient()
  const { project } = useParams({ strict: false })
  const dialog = useRef<HTMLDialogElement>(null)
  const [query, setQuery] = useState('')
  // The server knows more projects than fit here; its longest word narrows them down.
  const word = useDeferredValue(query)
    .split(/\s+/)
    .reduce((longest, each) => (each.length > longest.length ? each : longest), '')
  const projects = useInfiniteQuery({
    ...projectsQuery(word),
    placeholderData: keepPreviousData,
  })
  const [active, setActive] = useState(0)

  useEffect(() => {
    const element = dialog.current!
    element.showModal()
    return () => element.close()
  }, [])

  const go = (to: string, params?: Record<string, string>) => () =>
    navigate({ to, params } as Parameters<typeof navigate>[0])

  const entries: Entry[] = []
  if (project) {
    const params = { project }
    entries.push(
      {
        id: 'o',
        label: `${project}: overview`,
        icon: 'home',
        aside: 'g o',
        run: go(pages.project, params),
      },
      {
        id: 'd',
        label: `${project}: deployments`,
        icon: 'list',
        aside: 'g d',
        run: go(pages.deployments, params),
      },
      {
        id: 'e',
        label: `${project}: variables`,
        icon: 'braces',
        aside: 'g e',
        run: go(pages.env, params),
      },
      {
        id: 's',
        label: `${project}: settings`,
        icon: 'sliders',
        aside: 'g s',
        run: go(pages.project_settings, params),
      },
    )
  }
  for (const each of projects.data?.pages[0]?.items ?? [])
    entries.push({
      id: each.id,
      label: each.name,
      aside: bare(each.url),
      icon: 'grid',
      run: go(pages.project, { project: each.name }),
    })
  const known = client.getQueriesData<Deployment>({ queryKey: ['deployment'] })
  for (const [, deployment] of known)
    if (deployment)
      entries.push({
        id: deployment.id,
        label: `${deployment.project_name} ${short(deployment.commit)} ${deployment.message}`,
        aside: deployment.state,
        icon: 'commit',
        run: go(pages.deployment, { project: deployment.project_name, deployment: deployment.id }),
      })
  entries.push(
    { id: 'new', label: 'New project', icon: 'plus', aside: 'n', run: go(pages.new_project) },
    { id: 'projects', label: 'Projects', icon: 'grid', aside: 'g p', run: go(pages.projects) },
    { id: 'reference', label: 'API reference', icon: 'file', run: go(pages.reference) },
    { id: 'tokens', label: 'Access tokens', icon: 'key', run: go(pages.tokens) },
    { id: 'sessions', label: 'Sessions', icon: 'device', run: go(pages.sessions) },
    { id: 'users', label: 'People', icon: 'users', run: go(pages.users) },
    { id: 'audit', label: 'Audit log', icon: 'eye', run: go(pages.audit) },
    { id: 'settings', label: 'Instance settings', icon: 'gear', run: go(pages.settings) },
  )

  const shown = entries
    .map((entry) => ({ entry, score: rank(query, entry.label) }))
    .filter(({ score }) => score >= 0)
    .sort((a, b) => (query ? a.score - b.score : 0))
    .slice(0, 12)
    .map(({ entry }) => entry)
  const at = Math.min(active, shown.length - 1)

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setActive((at + 1) % Math.max(1, shown.length))
    else if (event.key === 'ArrowUp') setActive((at - 1 + shown.length) % Math.max(1, shown.length))
    else if (event.key === 'Enter') choose(shown[at])
    else return
    event.preventDefault()
  }

  const choose = (entry: Entry | undefined) => {
    if (!entry) return
    onClose()
    entry.run()
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      aria-label="Go to"
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && onClose()}
      className="mx-auto mt-[12vh] w-[calc(100vw-2rem)] max-w-xl overflow-hidden rounded-xl border border-line bg-panel p-0 text-ink shadow-pop"
    >
      <div className="flex items-center gap-2 border-b border-line px-4">
        <Icon name="search" className="size-4 text-muted" />
        <input
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={shown[at] ? `palette-${shown[at].id}` : undefined}
          aria-label="Search projects, pages and deployments"
          placeholder="Search projects, pages and deployments"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value)
            setActive(0)
          }}
          onKeyDown={onKeyDown}
          className="h-12 grow bg-transparent outline-none"
        />
      </div>
      <div
        id="palette-list"
        role="listbox"
        aria-label="Results"
        className="max-h-[50vh] overflow-auto p-1.5"
      >
        {shown.map((entry, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the input, as in any combobox
          // biome-ignore lint/a11y/useFocusableInteractive: as above
          <div
            key={entry.id}
            id={`palette-${entry.id}`}
            role="option"
            aria-selected={i === at}
            onMouseMove={() => setActive(i)}
            onClick={() => choose(entry)}
            className={cx(
              'flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-2',
              i === at && 'bg-raised',
            )}
          >
            <Icon name={entry.icon} className="size-4 text-muted" />
            <span className="min-w-0 grow truncate">{entry.label}</span>
            {entry.aside && (
              <span className="max-w-[45%] truncate text-[12.5px] text-muted">{entry.aside}</span>
            )}
          </div>
        ))}
      </div>
      {shown.length === 0 && (
        <p className="px-2.5 pt-2 pb-6 text-center text-muted">Nothing fits.</p>
      )}
    </dialog>
  )
}
