import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useRef, useState } from 'react'

import { deploy, refreshProject } from '../api/actions'
import { call, Problem } from '../api/client'
import { variablesQuery } from '../api/queries'
import type { Variable, VariableEnvironment } from '../api/types'
import { keyPattern, parseDotenv, printDotenv } from '../dotenv'
import { ProblemNotice } from '../parts/Broken'
import { pages } from '../paths'
import { Button, IconButton } from '../ui/Button'
import { cx } from '../ui/classes'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { areaClass, inputClass } from '../ui/Field'
import { Notice } from '../ui/Notice'
import { Empty, Loading, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'

/** A variable while it is edited. `value` null: there is one on the server, which stays. */
interface Draft {
  row: number
  key: string
  value: string | null
  environment: VariableEnvironment
  sensitive: boolean
  scope?: string
  updated_at_ms?: number
}

let lastRow = 0

const draftOf = (variable: Variable): Draft => ({
  row: ++lastRow,
  key: variable.key,
  value: variable.value ?? null,
  environment: variable.environment,
  sensitive: variable.sensitive,
  scope: variable.scope,
  updated_at_ms: variable.updated_at_ms,
})

const identity = (each: { key: string; environment: string }) => `${each.key} ${each.environment}`

export interface Difference {
  what: 'added' | 'changed' | 'removed'
  key: string
  environment: VariableEnvironment
}

/** What a save would change, for people to read before it does. */
export const differences = (before: Variable[], after: Omit<Draft, 'row'>[]): Difference[] => {
  const old = new Map(before.map((each) => [identity(each), each]))
  const list: Difference[] = []
  for (const each of after) {
    const known = old.get(identity(each))
    old.delete(identity(each))
    if (!known) list.push({ what: 'added', key: each.key, environment: each.environment })
    else if (
      (each.value !== null && each.value !== (known.value ?? null)) ||
      each.sensitive !== known.sensitive
    )
      list.push({ what: 'changed', key: each.key, environment: each.environment })
  }
  for (const each of old.values())
    list.push({ what: 'removed', key: each.key, environment: each.environment })
  return list
}

const environments: [VariableEnvironment, string][] = [
  ['all', 'All'],
  ['production', 'Production'],
  ['preview', 'Preview'],
]

export default function EnvPage() {
  const { project: name } = useParams({ strict: false }) as { project: string }
  const variables = useQuery({ ...variablesQuery(name), refetchOnWindowFocus: false })
  if (variables.error) return <ProblemNotice error={variables.error} />
  if (!variables.data) return <Loading />
  // A new version from the server begins a new edit; the key drops what was typed over the old one.
  return (
    <Editor
      key={variables.data.etag ?? variables.dataUpdatedAt}
      name={name}
      saved={variables.data.data.items}
      etag={variables.data.etag}
    />
  )
}

function Editor({ name, saved, etag }: { name: string; saved: Variable[]; etag: string | null }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [drafts, setDrafts] = useState(() => saved.map(draftOf))
  const [text, setText] = useState<string | null>(null)
  const [confirming, setConfirming] = useState(false)
  const [redeployDue, setRedeployDue] = useState(
    () => client.getQueryData(['env-saved', name]) === true,
  )
  const table = useRef<HTMLUListElement>(null)

  const parsed = text === null ? null : parseDotenv(text)
  const effective = parsed ? merge(drafts, parsed.pairs) : drafts
  const changes = differences(saved, effective)
  const problems = parsed ? [] : check(drafts)
  const wrong = problems.length > 0 || (parsed?.errors.length ?? 0) > 0

  const save = useMutation({
    mutationFn: () =>
      call(`/projects/${encodeURIComponent(name)}/env`, {
        method: 'PUT',
        etag,
        body: {
          items: effective.map(({ key, value, scope, environment, sensitive }) => ({
            key,
            ...(value !== null && { value }),
            ...(scope && { scope }),
            environment,
            sensitive,
          })),
        },
      }),
    onSuccess: async () => {
      setConfirming(false)
      setRedeployDue(true)
      client.setQueryData(['env-saved', name], true)
      await client.invalidateQueries({ queryKey: ['env', name] })
      toast('Variables saved.')
    },
    onError: () => setConfirming(false),
  })
  const apply = useMutation({
    mutationFn: () => deploy(name),
    onSuccess: (next) => {
      client.setQueryData(['env-saved', name], false)
      void refreshProject(client)
      return navigate({ to: pages.deployment, params: { project: name, deployment: next.id } })
    },
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })

  const update = (row: number, change: Partial<Draft>) =>
    setDrafts(drafts.map((each) => (each.row === row ? { ...each, ...change } : each)))
  const add = (pairs: { key: string; value: string }[]) => setDrafts(merge(drafts, pairs))

  return (
    <div className="flex flex-col gap-4">
      <title>{`Variables · ${name} · Berth`}</title>
      <h1 className="sr-only">Variables of {name}</h1>
      {redeployDue && (
        <Notice
          title="Redeploy to apply"
          actions={
            <Button size="small" icon="redo" busy={apply.isPending} onClick={() => apply.mutate()}>
              Redeploy now
            </Button>
          }
        >
          Deployments keep the variables that they were built with.
        </Notice>
      )}
      {save.error && <Conflict error={save.error} name={name} />}
      <Panel
        flush
        title="Environment variables"
        actions={
          <div
            className="inline-flex rounded-md border border-line-strong p-0.5"
            role="group"
            aria-label="View"
          >
            <ViewButton
              on={text === null}
              onPress={() => text !== null && setText(null)}
              disabled={wrong}
            >
              Table
            </ViewButton>
            <ViewButton
              on={text !== null}
              disabled={wrong}
              onPress={() =>
                setText(
                  printDotenv(
                    drafts.flatMap((each) =>
                      each.value === null ? [] : [{ key: each.key, value: each.value }],
                    ),
                  ),
                )
              }
            >
              .env
            </ViewButton>
          </div>
        }
      >
        {text !== null ? (
          <div className="p-4">
            <label htmlFor="dotenv" className="mb-1 block font-medium">
              As a .env file
            </label>
            <textarea
              id="dotenv"
              rows={14}
              spellCheck={false}
              value={text}
              aria-describedby="dotenv-hint"
              aria-invalid={parsed!.errors.length > 0 || undefined}
              onChange={(event) => setText(event.target.value)}
              className={areaClass}
            />
            <p id="dotenv-hint" className="mt-1 text-[12.5px] text-muted">
              Added to what is there; an existing name gets the new value. Sensitive values are not
              shown and stay as they are.
            </p>
            {parsed!.errors.slice(0, 5).map((error) => (
              <p key={error.line} className="mt-1 text-[12.5px] text-bad">
                Line {error.line}: {error.detail}
              </p>
            ))}
          </div>
        ) : (
          <>
            {drafts.length === 0 ? (
              <Empty icon="braces" title="No variables">
                Add one below, or paste a whole .env file into the name field.
              </Empty>
            ) : (
              <ul ref={table} className="divide-y divide-line" data-testid="variables">
                {drafts.map((draft) => (
                  <Row
                    key={draft.row}
                    draft={draft}
                    problem={problems.find((problem) => problem.row === draft.row)?.detail}
                    onChange={(change) => update(draft.row, change)}
                    onRemove={() => setDrafts(drafts.filter((each) => each.row !== draft.row))}
                    onPaste={(pairs) =>
                      setDrafts(
                        merge(
                          drafts.filter((each) => each.row !== draft.row || each.key),
                          pairs,
                        ),
                      )
                    }
                  />
                ))}
              </ul>
            )}
            <div className="border-t border-line p-3">
              <Button
                icon="plus"
                onClick={() => {
                  setDrafts([
                    ...drafts,
                    { row: ++lastRow, key: '', value: '', environment: 'all', sensitive: true },
                  ])
                  setTimeout(() =>
                    table.current?.querySelector<HTMLInputElement>('li:last-child input')?.focus(),
                  )
                }}
              >
                Add variable
              </Button>
              <PasteHint onPairs={add} />
            </div>
          </>
        )}
      </Panel>
      <div className="flex flex-wrap items-center justify-end gap-3">
        <span className="text-muted" role="status">
          {changes.length === 0
            ? 'Nothing to save'
            : `${changes.length} change${changes.length === 1 ? '' : 's'}`}
        </span>
        {changes.length > 0 && (
          <Button
            kind="ghost"
            onClick={() => {
              setDrafts(saved.map(draftOf))
              setText(null)
            }}
          >
            Undo
          </Button>
        )}
        <Button
          kind="primary"
          disabled={changes.length === 0 || wrong}
          busy={save.isPending}
          onClick={() =>
            changes.some((each) => each.what === 'removed') ? setConfirming(true) : save.mutate()
          }
        >
          Save
        </Button>
      </div>
      {confirming && (
        <Dialog title="Save these changes?" onClose={() => setConfirming(false)}>
          <ul className="max-h-72 space-y-1 overflow-auto">
            {changes.map((change) => (
              <li key={`${change.what}${identity(change)}`} className="flex gap-2">
                <span
                  className={cx(
                    'w-16',
                    { added: 'text-ok', changed: 'text-warn', removed: 'text-bad' }[change.what],
                  )}
                >
                  {change.what}
                </span>
                <code className="font-mono">{change.key}</code>
                <span className="text-muted">{change.environment}</span>
              </li>
            ))}
          </ul>
          <DialogButtons>
            <Button onClick={() => setConfirming(false)}>Back</Button>
            <Button kind="primary" busy={save.isPending} onClick={() => save.mutate()}>
              Save
            </Button>
          </DialogButtons>
        </Dialog>
      )}
    </div>
  )
}

/** Puts pairs into drafts: an existing name gets the value, a new one a row of its own. */
const merge = (drafts: Draft[], pairs: { key: string; value: string }[]): Draft[] => {
  const next = [...drafts]
  for (const { key, value } of pairs) {
    const at = next.findIndex((each) => each.key === key)
    if (at >= 0) next[at] = { ...next[at]!, value }
    else next.push({ row: ++lastRow, key, value, environment: 'all', sensitive: true })
  }
  return next
}

const check = (drafts: Draft[]): { row: number; detail: string }[] => {
  const seen = new Set<string>()
  return drafts.flatMap((each) => {
    const twice = seen.has(identity(each))
    seen.add(identity(each))
    if (!keyPattern.test(each.key))
      return [{ row: each.row, detail: 'Letters, digits and _; not first a digit.' }]
    return twice ? [{ row: each.row, detail: 'There twice for the same environment.' }] : []
  })
}

function Row({
  draft,
  problem,
  onChange,
  onRemove,
  onPaste,
}: {
  draft: Draft
  problem?: string
  onChange: (change: Partial<Draft>) => void
  onRemove: () => void
  onPaste: (pairs: { key: string; value: string }[]) => void
}) {
  const kept = draft.value === null
  return (
    <li className="grid items-center gap-2 px-4 py-2.5 md:grid-cols-[minmax(0,14rem)_minmax(0,1fr)_8rem_7rem_auto]">
      <div className="min-w-0">
        <input
          aria-label="Name"
          aria-invalid={problem && draft.key ? true : undefined}
          value={draft.key}
          spellCheck={false}
          autoCapitalize="off"
          readOnly={draft.updated_at_ms !== undefined}
          placeholder="NAME"
          onChange={(event) => onChange({ key: event.target.value })}
          onPaste={(event) => {
            const pasted = event.clipboardData.getData('text')
            if (!/[=\n]/.test(pasted)) return
            const { pairs } = parseDotenv(pasted)
            if (pairs.length === 0) return
            event.preventDefault()
            onPaste(pairs)
          }}
          className={cx(
            inputClass,
            'font-mono text-[12.5px] read-only:border-transparent read-only:bg-transparent read-only:px-0',
          )}
        />
        {problem && draft.key && <p className="text-[12.5px] text-bad">{problem}</p>}
      </div>
      <input
        aria-label={`Value of ${draft.key || 'the new variable'}`}
        type={draft.sensitive ? 'password' : 'text'}
        autoComplete="off"
        spellCheck={false}
        value={draft.value ?? ''}
        placeholder={kept ? 'sealed; type to replace' : 'value'}
        onChange={(event) => onChange({ value: event.target.value })}
        className={cx(inputClass, 'font-mono text-[12.5px]')}
      />
      <select
        aria-label={`Environment of ${draft.key || 'the new variable'}`}
        value={draft.environment}
        onChange={(event) => onChange({ environment: event.target.value as VariableEnvironment })}
        className={inputClass}
      >
        {environments.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <label className="flex min-h-[24px] items-center gap-2">
        <input
          type="checkbox"
          className="size-4 accent-(--accent)"
          checked={draft.sensitive}
          disabled={kept}
          onChange={(event) => onChange({ sensitive: event.target.checked })}
        />
        Sensitive
      </label>
      <div className="flex items-center justify-end gap-2">
        {draft.updated_at_ms !== undefined && (
          <Ago
            at_ms={draft.updated_at_ms}
            className="text-[12.5px] whitespace-nowrap text-muted md:hidden xl:inline"
          />
        )}
        <IconButton
          label={`Remove ${draft.key || 'the new variable'}`}
          icon="cross"
          onClick={onRemove}
        />
      </div>
    </li>
  )
}

function PasteHint({ onPairs }: { onPairs: (pairs: { key: string; value: string }[]) => void }) {
  return (
    <label className="link ml-3 inline-flex min-h-[24px] cursor-pointer items-center focus-within:outline-2">
      Import a file
      <input
        type="file"
        className="sr-only"
        onChange={async (event) => {
          const file = event.target.files?.[0]
          event.target.value = ''
          if (!file || file.size > 1_000_000) return
          const { pairs } = parseDotenv(await file.text())
          onPairs(pairs)
          toast(`${pairs.length} variables read; not saved yet.`)
        }}
      />
    </label>
  )
}

function ViewButton({
  on,
  onPress,
  disabled,
  children,
}: {
  on: boolean
  onPress: () => void
  disabled?: boolean
  children: string
}) {
  return (
    <button
      type="button"
      aria-pressed={on}
      disabled={disabled && !on}
      onClick={onPress}
      className="min-h-[24px] rounded px-2.5 text-[13px] text-muted disabled:opacity-50 aria-pressed:bg-raised aria-pressed:font-medium aria-pressed:text-ink"
    >
      {children}
    </button>
  )
}

function Conflict({ error, name }: { error: Error; name: string }) {
  const client = useQueryClient()
  if (!(error instanceof Problem) || (error.status !== 412 && error.status !== 428))
    return <ProblemNotice error={error} />
  return (
    <Notice
      tone="warn"
      role="alert"
      title="Somebody changed the variables meanwhile"
      actions={
        <Button size="small" onClick={() => client.invalidateQueries({ queryKey: ['env', name] })}>
          Load theirs
        </Button>
      }
    >
      Nothing was saved. Copy what you typed before you load the newer ones.
    </Notice>
  )
}
