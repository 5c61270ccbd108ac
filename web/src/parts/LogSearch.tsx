import { type Ref, useEffect, useImperativeHandle, useRef, useState } from 'react'

import { compile, mark, type Query, Search, spansIn } from '../log/search'
import type { LogStore } from '../log/store'
import type { LogView } from '../log/view'
import { IconButton } from '../ui/Button'
import { cx } from '../ui/classes'

/** What the log asks of its search. */
export interface Finder {
  focus: () => void
  /** Goes to the next or previous match; false when there is none. */
  step: (direction: 1 | -1) => boolean
  /** Lines came: goes on looking. */
  more: () => void
}

const noQuery: Query = { text: '', regex: false, match_case: false }

/** The bar that looks through a log; loaded when somebody opens it. Leaving it takes the marks away. */
export default function LogSearch({
  log: { store, view },
  onText,
  onStep,
  onClose,
  ref,
}: {
  log: { store: LogStore; view: LogView }
  onText: (looking: boolean) => void
  onStep: (direction: 1 | -1) => void
  onClose: () => void
  ref: Ref<Finder>
}) {
  const input = useRef<HTMLInputElement>(null)
  const [query, setQuery] = useState(noQuery)
  const [found, setFound] = useState({ count: 0, at: -1 })
  const search = useRef<Search | null>(null)
  const position = useRef(-1)

  const show = (current: number) => {
    const pattern = search.current?.pattern
    view.setSearch(
      pattern ? (runs) => mark(runs, spansIn(runs.map((run) => run.text).join(''), pattern)) : null,
      current,
    )
  }

  const goTo = (index: number) => {
    const line = search.current?.lines[index]
    if (line === undefined) return
    position.current = index
    setFound({ count: search.current!.lines.length, at: index })
    show(line)
    view.reveal(line)
  }

  /** Goes on looking in slices of 8 ms, so that the page stays quick. */
  const scan = () => {
    const running = search.current
    if (!running) return
    running.step(performance.now() + 8)
    if (position.current < 0 && running.lines.length > 0) goTo(running.from(view.topLine, false))
    setFound({ count: running.lines.length, at: position.current })
    if (!running.complete)
      setTimeout(() => {
        if (search.current === running) scan()
      })
  }

  const look = (next: Query) => {
    const compiled = compile(next)
    setQuery(next)
    onText(next.text !== '')
    position.current = -1
    search.current = compiled instanceof RegExp ? new Search(store, compiled) : null
    show(-1)
    if (search.current) scan()
    else setFound({ count: 0, at: -1 })
  }

  useImperativeHandle(ref, () => ({
    focus: () => input.current?.select(),
    step: (direction) => {
      const count = search.current?.lines.length ?? 0
      if (count > 0) goTo((position.current + direction + count) % count)
      return count > 0
    },
    more: () => {
      if (search.current && !search.current.complete) scan()
    },
  }))

  useEffect(() => {
    input.current?.focus()
    return () => {
      search.current = null
      view.setSearch(null, -1)
    }
  }, [view])

  const broken = typeof compile(query) === 'string'
  return (
    <div className="flex flex-wrap items-center gap-1.5 border-b border-line bg-raised px-3 py-1.5 font-sans text-[13px]">
      <input
        ref={input}
        type="search"
        aria-label="Search in the log"
        aria-invalid={broken || undefined}
        placeholder="Search in the log"
        maxLength={500}
        value={query.text}
        spellCheck={false}
        onChange={(event) => look({ ...query, text: event.target.value })}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onStep(event.shiftKey ? -1 : 1)
          else if (event.key === 'Escape') onClose()
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
        className={cx('tabular min-w-16 text-center', broken ? 'text-bad' : 'text-muted')}
      >
        {broken
          ? 'Not valid'
          : query.text
            ? `${found.at + 1} of ${found.count.toLocaleString('en')}`
            : ''}
      </span>
      <IconButton
        label="Previous match"
        icon="down"
        className="rotate-180"
        onClick={() => onStep(-1)}
      />
      <IconButton label="Next match" icon="down" onClick={() => onStep(1)} />
      <IconButton label="Close search" icon="cross" onClick={onClose} />
    </div>
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
