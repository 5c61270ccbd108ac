import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useDeferredValue, useEffect, useRef, useState } from 'react'

import { projectsQuery } from '../api/queries'
import { isEnd } from '../api/states'
import type { Project } from '../api/types'
import { bare, repoName } from '../format'
import { ProblemNotice } from '../parts/Broken'
import { CommitLine } from '../parts/Commit'
import { useKeys } from '../parts/keys'
import { Chip, StateBadge } from '../parts/StateBadge'
import { pages } from '../paths'
import { Button, buttonClass } from '../ui/Button'
import { inputClass } from '../ui/Field'
import { Icon } from '../ui/Icon'
import { Empty, Loading, PageHead } from '../ui/Panel'
import { Ago } from '../ui/Time'

export default function ProjectsPage() {
  const [filter, setFilter] = useState('')
  const wanted = useDeferredValue(filter.trim())
  const list = useInfiniteQuery({
    ...projectsQuery(wanted),
    placeholderData: keepPreviousData,
    refetchInterval: (query) =>
      query.state.data?.pages[0]?.items.some((each) => each.latest && !isEnd(each.latest.state))
        ? 4_000
        : false,
  })
  const input = useRef<HTMLInputElement>(null)
  useKeys({ '/': () => input.current?.focus() })

  if (list.error) return <ProblemNotice error={list.error} />
  if (!list.data) return <Loading />
  const projects = list.data.pages.flatMap((page) => page.items)
  if (projects.length === 0 && !wanted && !filter) return <FirstProject />
  return (
    <>
      <title>Projects · Berth</title>
      <PageHead
        title="Projects"
        actions={
          <>
            <input
              ref={input}
              type="search"
              aria-label="Filter projects"
              placeholder="Filter"
              value={filter}
              onChange={(event) => setFilter(event.target.value)}
              className={`${inputClass} h-8 w-40 sm:w-56`}
            />
            <Link to={pages.new_project} className={buttonClass({ kind: 'primary' })}>
              <Icon name="plus" /> New project
            </Link>
          </>
        }
      />
      <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
        {projects.map((project) => (
          <ProjectCard key={project.id} project={project} />
        ))}
      </ul>
      {projects.length === 0 && (
        <Empty icon="search" title="No project fits">
          Nothing has “{filter}” in its name or its repository's address.
        </Empty>
      )}
      {list.hasNextPage && (
        <More busy={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
    </>
  )
}

/** The next page comes when its button is nearly in view, or is pressed. */
function More({ busy, onMore }: { busy: boolean; onMore: () => void }) {
  const place = useRef<HTMLDivElement>(null)
  const current = useRef(onMore)
  current.current = busy ? () => {} : onMore
  useEffect(() => {
    const watch = new IntersectionObserver(
      (entries) => entries.some((each) => each.isIntersecting) && current.current(),
      { rootMargin: '400px' },
    )
    watch.observe(place.current!)
    return () => watch.disconnect()
  }, [])
  return (
    <div ref={place} className="mt-5 flex justify-center">
      <Button busy={busy} onClick={onMore}>
        Show more
      </Button>
    </div>
  )
}

function ProjectCard({ project }: { project: Project }) {
  const { latest } = project
  return (
    <li className="relative flex min-w-0 flex-col rounded-xl border border-line bg-panel p-4 transition-colors hover:border-line-strong">
      <div className="flex items-center gap-2">
        <h2 className="min-w-0 truncate text-[15px]">
          <Link
            to={pages.project}
            params={{ project: project.name }}
            className="text-ink no-underline after:absolute after:inset-0 after:rounded-xl"
          >
            {project.name}
          </Link>
        </h2>
        {project.production?.rolled_back && <Chip tone="warn">Rolled back</Chip>}
        <span className="ml-auto text-[13px]">
          {latest ? (
            <StateBadge state={latest.state} reason={latest.reason} />
          ) : (
            <span className="text-muted">No deployment</span>
          )}
        </span>
      </div>
      {project.production ? (
        <a
          href={project.url}
          target="_blank"
          rel="noreferrer"
          className="link relative z-1 mt-0.5 inline-flex min-h-[24px] max-w-full items-center self-start text-[13px]"
        >
          <span className="truncate">{bare(project.url)}</span>
        </a>
      ) : (
        <span className="mt-0.5 min-h-[24px] text-[13px] text-muted">Not live yet</span>
      )}
      <p className="mt-3 truncate text-ink-soft">{latest?.message || repoName(project.repo_url)}</p>
      <div className="mt-1 flex items-end justify-between gap-3 text-[12.5px]">
        {latest ? (
          <CommitLine deployment={latest} />
        ) : (
          <span className="text-muted">{project.branch}</span>
        )}
        {latest && <Ago at_ms={latest.created_at_ms} className="shrink-0 text-muted" />}
      </div>
    </li>
  )
}

/** An empty Berth has one thing to offer, so it is the page. */
function FirstProject() {
  const navigate = useNavigate()
  return (
    <div className="mx-auto max-w-xl py-10 md:py-20">
      <title>Projects · Berth</title>
      <h1 className="text-2xl">Deploy your first site</h1>
      <p className="mt-1 text-muted">
        Paste the address of a Git repository. Berth finds out how to build it.
      </p>
      <form
        className="mt-5 flex flex-wrap gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          const repo = String(new FormData(event.currentTarget).get('repo')).trim()
          void navigate({ to: pages.new_project, search: { repo } })
        }}
      >
        <input
          name="repo"
          required
          // biome-ignore lint/a11y/noAutofocus: the one field of an empty page
          autoFocus
          aria-label="Git repository"
          placeholder="https://github.com/you/site"
          spellCheck={false}
          className={`${inputClass} h-10 min-w-56 flex-1 font-mono text-[13px]`}
        />
        <Button type="submit" kind="primary" size="large" icon="right">
          Continue
        </Button>
      </form>
      <p className="mt-6 text-muted">Or from a terminal:</p>
      <pre className="mt-1 overflow-x-auto rounded-lg border border-line bg-panel px-4 py-3 font-mono text-[12.5px] leading-5">
        {`berth login --server ${location.origin}\nberth import https://github.com/you/site`}
      </pre>
    </div>
  )
}
