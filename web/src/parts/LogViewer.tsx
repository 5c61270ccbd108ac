import { useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'

import { call } from '../api/client'
import type { Deployment } from '../api/types'
import { compile, type Query, Search } from '../log/search'
import { useLog } from '../log/useLog'
import { clock, type TimeMode } from '../log/view'
import { Button, IconButton } from '../ui/Button'
import { copyText } from '../ui/Copy'
import { cx } from '../ui/classes'
import { Icon } from '../ui/Icon'
import { Menu } from '../ui/Menu'
import { toast } from '../ui/Toast'
import { useKeys } from './keys'

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

const noQuery: Query = { text: '', regex: false, match_case: false }

export default function LogViewer({
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
  const input = useRef<HTMLInputElement>(null)
  const [wrap, setWrap] = useState(() => innerWidth < 720)
  const [times, setTimes] = useState<TimeMode>('off')
  const [searching, setSearching] = useState(false)
  const [query, setQuery] = useState(noQuery)
  const [found, setFound] = useState({ count: 0, at: -1 })
  const [pausedAt, setPausedAt] = useState(0)
  const search = useRef<Search | null>(null)
  const position = useRef(-1)
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
      if (search.current && !search.current.complete) scan()
    },
  })

  const pattern = compile(query)
  const patternError = typeof pattern === 'string' ? pattern : null

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

  /** Goes on looking in slices of 8 ms, so that the page stays quick. */
  const scan = () => {
    const running = search.current
    if (!running) return
    running.step(performance.now() + 8)
    if (position.current < 0 && running.lines.length > 0 && log)
      goTo(running.from(log.view.topLine, false))
    setFound({ count: running.lines.length, at: position.current })
    if (!running.complete)
      setTimeout(() => {
        if (search.current === running) scan()
      })
  }

  const goTo = (index: number) => {
    const line = search.current?.lines[index]
    if (line === undefined || !log) return
    position.current = index
    setFound({ count: search.current!.lines.length, at: index })
    log.view.setSearch(search.current!.pattern, line)
    log.view.reveal(line)
  }

  const look = (next: Query) => {
    setQuery(next)
    const compiled = compile(next)
    position.current = -1
    search.current = compiled instanceof RegExp && log ? new Search(log.store, compiled) : null
    log?.view.setSearch(compiled instanceof RegExp ? compiled : null, -1)
    if (search.current) scan()
    else setFound({ count: 0, at: -1 })
  }

  const step = (direction: 1 | -1) => {
    if (!log) return
    const matches = search.current?.lines
    if (matches && matches.length > 0) {
      goTo((position.current + direction + matches.length) % matches.length)
      return
    }
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
    setSearching(true)
    setTimeout(() => input.current?.select())
  }

  const closeSearch = () => {
    look(noQuery)
    setSearching(false)
    scroller.current?.focus()
  }

  const copyLines = async (withTimes: boolean) => {
    if (!log) return
    const [from, to] = selected ?? [0, log.store.count - 1]
    const lines: string[] = []
    for (let line = from; line <= Math.min(to, log.store.count - 1); line++) {
      const stamp = withTimes
        ? `${clock(deployment.created_at_ms + log.store.head(line).delta_ms)} `
        : ''
      lines.push(stamp + log.store.text(line))
    }
    const done = await copyText(lines.join('\n'))
    toast(
      done
        ? `Copied ${lines.length.toLocaleString('en')} lines.`
        : 'The browser did not allow copying.',
      {
        bad: !done,
      },
    )
  }

  const copyLink = async () => {
    const [from, to] = selected ?? [log?.view.topLine ?? 0, log?.view.topLine ?? 0]
    const done = await copyText(`${location.href.split('#')[0]}#${writeHash(from, to)}`)
    if (done) toast('Copied a link to this place.')
  }

  useKeys({
    f: () => log?.view.follow(!following),
    w: () => setWrap(!wrap),
    t: () => setTimes(nextTimes[times]),
    n: () => step(1),
    p: () => step(-1),
    '/': openSearch,
    'g g': () => log?.view.top(),
    G: () => log?.view.follow(true),
    y: () => void copyLink(),
  })

  const raw = `/api/v1/deployments/${encodeURIComponent(deployment.id)}/log`
  const download = async (accept: string, extension: string) => {
    const response = await fetch(raw, { headers: { Accept: accept }, credentials: 'same-origin' })
    if (!response.ok) {
      toast(`The log could not be downloaded (${response.status}).`, { bad: true })
      return
    }
    const link = document.createElement('a')
    link.href = URL.createObjectURL(await response.blob())
    link.download = `${deployment.project_name}-${deployment.id}.${extension}`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  }

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
          aria-pressed={searching}
          onClick={searching ? closeSearch : openSearch}
        />
        {facts.errors > 0 && !query.text && (
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
              onSelect: () => void copyLines(false),
            },
            { label: 'Copy with times', icon: 'clock', onSelect: () => void copyLines(true) },
            { label: 'Copy link to line', icon: 'external', onSelect: () => void copyLink() },
            {
              label: 'Download as text',
              icon: 'download',
              onSelect: () => void download('text/plain', 'log'),
            },
            {
              label: 'Download as NDJSON',
              icon: 'download',
              onSelect: () => void download('application/x-ndjson', 'ndjson'),
            },
          ]}
        />
      </div>
      {searching && (
        <div className="flex flex-wrap items-center gap-1.5 border-b border-line bg-raised px-3 py-1.5 font-sans text-[13px]">
          <input
            ref={input}
            type="search"
            aria-label="Search in the log"
            aria-invalid={patternError ? true : undefined}
            placeholder="Search in the log"
            maxLength={500}
            value={query.text}
            spellCheck={false}
            onChange={(event) => look({ ...query, text: event.target.value })}
            onKeyDown={(event) => {
              if (event.key === 'Enter') step(event.shiftKey ? -1 : 1)
              else if (event.key === 'Escape') closeSearch()
            }}
            className="h-7 min-w-32 grow rounded-md border border-control bg-panel px-2 font-mono text-[12.5px] aria-invalid:border-bad"
          />
          <Toggle
            label="Match case"
            short="Aa"
            on={query.match_case}
            onPress={(on) => look({ ...query, match_case: on })}
          />
          <Toggle
            label="Regular expression"
            short=".*"
            on={query.regex}
            onPress={(on) => look({ ...query, regex: on })}
          />
          <span
            role="status"
            className={cx('tabular min-w-16 text-center', patternError ? 'text-bad' : 'text-muted')}
          >
            {patternError
              ? 'Not valid'
              : query.text
                ? `${found.at + 1} of ${found.count.toLocaleString('en')}`
                : ''}
          </span>
          <IconButton
            label="Previous match"
            icon="down"
            className="rotate-180"
            onClick={() => step(-1)}
          />
          <IconButton label="Next match" icon="down" onClick={() => step(1)} />
          <IconButton label="Close search" icon="cross" onClick={closeSearch} />
        </div>
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

function Toggle({
  label,
  short,
  on,
  onPress,
}: {
  label: string
  short: string
  on: boolean
  onPress: (on: boolean) => void
}) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      aria-pressed={on}
      onClick={() => onPress(!on)}
      className="h-7 min-w-7 rounded-md border border-control px-1.5 font-mono text-[12.5px] text-muted hover:text-ink aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent"
    >
      {short}
    </button>
  )
}
