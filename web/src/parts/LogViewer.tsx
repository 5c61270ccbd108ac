import { useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'

import { call } from '../api/client'
import type { Deployment } from '../api/types'
import type { TimeMode } from '../log/view'
import { Button, IconButton } from '../ui/Button'
import { cx } from '../ui/classes'
import { Icon } from '../ui/Icon'
import { Menu } from '../ui/Menu'
import { toast } from '../ui/Toast'
import { useKeys } from './keys'
import type LogSearch from './LogSearch'
import type { Finder } from './LogSearch'
import type { Taken } from './takeLog'
import { useLog } from './useLog'

const nextTimes: Record<TimeMode, TimeMode> = {
  off: 'since_start',
  since_start: 'clock',
  clock: 'off',
}

/** "#L10" or "#L10-L20" as lines counted from 0. */
export const readHash = (hash: string): [number, number] | null => {
  const match = /^#?L(\d+)(?:-L?(\d+))?$/.exec(hash)
  if (!match) return null
  const from = Number(match[1]) - 1
  const to = match[2] ? Number(match[2]) - 1 : from
  return from < 0 ? null : [Math.min(from, to), Math.max(from, to)]
}

export const writeHash = (from: number, to: number) =>
  from === to ? `L${from + 1}` : `L${from + 1}-L${to + 1}`

/** Parts that are loaded when asked for: gone when Berth was updated under an open page. */
const lost = () => toast('This part could not be loaded: reload the page.', { bad: true })

export function LogViewer({
  deployment,
  className,
}: {
  deployment: Deployment
  className?: string
}) {
  const navigate = useNavigate()
  const { hash } = useLocation()
  const selected = readHash(hash)
  const selectedKey = selected?.join('-')
  const root = useRef<HTMLElement>(null)
  const [wrap, setWrap] = useState(() => innerWidth < 720)
  const [times, setTimes] = useState<TimeMode>('off')
  const [SearchBar, setSearchBar] = useState<typeof LogSearch | null>(null)
  const [looking, setLooking] = useState(false)
  const [pausedAt, setPausedAt] = useState(0)
  const finder = useRef<Finder>(null)
  const revealed = useRef('')

  const select = (from: number, to: number) =>
    navigate({
      to: '.',
      hash: writeHash(from, to),
      search: true,
      replace: true,
      resetScroll: false,
      hashScrollIntoView: false,
    })

  const { scroller, sticky, map, log, status, following, facts } = useLog(deployment, {
    onSelect: select,
    onRefused: () => void call('/auth/session').catch(() => {}),
    onDrained: () => {
      revealOnce()
      finder.current?.more()
    },
  })

  /** A linked line, or the first error of a failed build: brought into view once. */
  const revealOnce = () => {
    if (!log || revealed.current) return
    const { store, view } = log
    const target = readHash(location.hash)
    if (target) {
      if (store.count <= target[0]) return
      revealed.current = 'link'
      view.reveal(target[0])
      return
    }
    if (deployment.state !== 'failed' || status?.connection !== 'ended') return
    revealed.current = 'error'
    const line = firstError()
    if (line >= 0) view.reveal(line)
  }

  const firstError = () => {
    if (!log) return -1
    const { store } = log
    const wanted = deployment.first_error.split('\n')[0]!.trim()
    if (wanted)
      for (let line = 0; line < store.count; line++)
        if (store.text(line).includes(wanted)) return line
    return store.errors.length > 0 ? store.errors.at(0) : -1
  }

  useEffect(() => {
    log?.view.setWrap(wrap)
  }, [log, wrap])
  useEffect(() => {
    log?.view.setTimes(times)
  }, [log, times])
  // biome-ignore lint/correctness/useExhaustiveDependencies: by its text, not its identity
  useEffect(() => {
    log?.view.setSelection(selected)
  }, [log, selectedKey])
  // biome-ignore lint/correctness/useExhaustiveDependencies: once the end is known
  useEffect(() => {
    if (status?.connection === 'ended') revealOnce()
  }, [status?.connection, log])
  useEffect(() => {
    if (!following) setPausedAt(log?.store.count ?? 0)
  }, [following, log])

  const step = (direction: 1 | -1) => {
    if (!log || finder.current?.step(direction)) return
    const { errors } = log.store
    if (errors.length === 0) return
    const here = log.view.topLine + Math.floor((scroller.current?.clientHeight ?? 0) / 60)
    let target = direction > 0 ? errors.at(0) : errors.at(errors.length - 1)
    for (let i = 0; i < errors.length; i++) {
      const line = errors.at(direction > 0 ? i : errors.length - 1 - i)
      if (direction > 0 ? line > here : line < here) {
        target = line
        break
      }
    }
    log.view.reveal(target)
  }

  const openSearch = () => {
    if (finder.current) finder.current.focus()
    else void import('./LogSearch').then((part) => setSearchBar(() => part.default), lost)
  }

  const closeSearch = () => {
    setSearchBar(null)
    setLooking(false)
    scroller.current?.focus()
  }

  const take = (what: (part: typeof import('./takeLog'), taken: Taken) => Promise<void>) => () => {
    if (!log) return
    const top = log.view.topLine
    const taken = {
      deployment,
      log,
      chosen: selected,
      link: writeHash(...(selected ?? [top, top])),
    }
    void import('./takeLog').then((part) => what(part, taken), lost)
  }
  const copyLink = take((part, taken) => part.copyLink(taken))

  useKeys({
    f: () => log?.view.follow(!following),
    w: () => setWrap(!wrap),
    t: () => setTimes(nextTimes[times]),
    n: () => step(1),
    p: () => step(-1),
    '/': openSearch,
    'g g': () => log?.view.top(),
    G: () => log?.view.follow(true),
    y: copyLink,
  })

  const fresh = following ? 0 : Math.max(0, facts.lines - pausedAt)
  const count = facts.lines.toLocaleString('en')
  const summary = `${count} line${facts.lines === 1 ? '' : 's'}${facts.errors ? `, ${facts.errors} with errors` : ''}`

  return (
    <section
      ref={root}
      aria-label="Build log"
      data-testid="log"
      data-lines={facts.lines}
      data-connection={status?.connection}
      className={cx(
        'log relative flex min-h-0 flex-col overflow-hidden rounded-xl border border-line bg-panel',
        className,
      )}
    >
      <div className="flex min-h-10 flex-wrap items-center gap-x-1 gap-y-1 border-b border-line py-1 pr-2 pl-3 font-sans text-[13px]">
        <ConnectionDot connection={status?.connection ?? 'connecting'} />
        <span className="tabular mr-auto text-muted" data-testid="log-summary">
          {summary}
        </span>
        <IconButton
          label="Search (/)"
          icon="search"
          aria-pressed={SearchBar !== null}
          onClick={SearchBar ? closeSearch : openSearch}
        />
        {facts.errors > 0 && !looking && (
          <Button
            size="small"
            kind="ghost"
            icon="warning"
            onClick={() => step(1)}
            title="Next error (n)"
          >
            Next error
          </Button>
        )}
        <IconButton
          label="Wrap lines (w)"
          icon="wrap"
          aria-pressed={wrap}
          onClick={() => setWrap(!wrap)}
        />
        <IconButton
          label={`Times: ${times === 'off' ? 'off' : times === 'clock' ? 'clock' : 'since the start'} (t)`}
          icon="clock"
          aria-pressed={times !== 'off'}
          onClick={() => setTimes(nextTimes[times])}
        />
        <IconButton
          label="Follow the end (f)"
          icon="arrow_down"
          aria-pressed={following}
          onClick={() => log?.view.follow(!following)}
        />
        <Menu
          label="More for this log"
          trigger={<Icon name="dots" />}
          items={[
            {
              label: selected ? 'Copy chosen lines' : 'Copy all lines',
              icon: 'copy',
              onSelect: take((part, taken) => part.copyLines(taken, false)),
            },
            {
              label: 'Copy with times',
              icon: 'clock',
              onSelect: take((part, taken) => part.copyLines(taken, true)),
            },
            { label: 'Copy link to line', icon: 'external', onSelect: copyLink },
            {
              label: 'Download as text',
              icon: 'download',
              onSelect: take((part, taken) => part.download(taken, 'text/plain', 'log')),
            },
            {
              label: 'Download as NDJSON',
              icon: 'download',
              onSelect: take((part, taken) =>
                part.download(taken, 'application/x-ndjson', 'ndjson'),
              ),
            },
          ]}
        />
      </div>
      {SearchBar && log && (
        <SearchBar ref={finder} log={log} onText={setLooking} onStep={step} onClose={closeSearch} />
      )}
      <div className="relative min-h-0 grow">
        <button
          ref={sticky}
          type="button"
          hidden
          className="log-sticky"
          title="Fold or unfold this step"
          onClick={() => log?.view.foldTop()}
        />
        {/* Not role=log: announcing each of thousands of lines helps nobody. The summary is the status. */}
        <div
          ref={scroller}
          role="region"
          aria-label={`Log of ${summary}`}
          tabIndex={0}
          className="log-scroll absolute inset-0"
        />
        <canvas
          ref={map}
          aria-hidden="true"
          className="log-map pointer-events-none absolute inset-y-0 right-0 w-1.5"
        />
        {facts.lines === 0 && (
          <p className="pointer-events-none absolute inset-x-0 top-8 text-center font-sans text-muted">
            {status?.connection === 'ended'
              ? 'This deployment wrote no log.'
              : 'Waiting for the first line…'}
          </p>
        )}
        {!following && status?.connection !== 'ended' && (
          <button
            type="button"
            onClick={() => log?.view.follow(true)}
            className="absolute right-6 bottom-4 flex h-8 items-center gap-1.5 rounded-full border border-line-strong bg-panel px-3 font-sans text-[13px] font-medium shadow-pop hover:bg-raised"
          >
            <Icon name="arrow_down" />
            {fresh > 0 ? `${fresh.toLocaleString('en')} new` : 'Follow'}
          </button>
        )}
      </div>
    </section>
  )
}

const connectionWords = {
  connecting: 'Connecting',
  live: 'Live',
  retrying: 'Reconnecting',
  ended: 'Complete',
}

function ConnectionDot({ connection }: { connection: keyof typeof connectionWords }) {
  const looks = {
    connecting: 'bg-warn animate-pulse',
    live: 'bg-ok animate-pulse',
    retrying: 'bg-warn animate-pulse',
    ended: 'bg-control',
  }
  return (
    <span role="status" className="inline-flex items-center gap-1.5 pr-2 font-medium">
      <span aria-hidden="true" className={cx('size-2 rounded-full', looks[connection])} />
      {connectionWords[connection]}
    </span>
  )
}
