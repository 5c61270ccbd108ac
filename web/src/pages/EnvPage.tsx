import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useRef, useState } from 'react'

import { deploy, refreshProject } from '../api/actions'
import { call, type Problem } from '../api/client'
import { variableChangesQuery, variablesQuery } from '../api/queries'
import type { Variable } from '../api/types'
import { type Pair, parseDotenv, printDotenv } from '../dotenv'
import { ProblemNotice } from '../parts/Broken'
import { FromRole } from '../parts/role'
import { useProject } from '../parts/useProject'
import { VariableConflict } from '../parts/VariableConflict'
import { VariableDiff } from '../parts/VariableDiff'
import { PlaceField, VariableRow } from '../parts/VariableRow'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { areaClass } from '../ui/Field'
import { Notice } from '../ui/Notice'
import { Empty, Loading, Panel } from '../ui/Panel'
import { toast } from '../ui/Toast'
import {
  check,
  type Draft,
  differences,
  draftOf,
  everywhere,
  identity,
  inputOf,
  merge,
  newDraft,
  type Place,
} from '../variables'

export default function EnvPage() {
  const { project: name } = useParams({ strict: false }) as { project: string }
  const variables = useQuery({ ...variablesQuery(name), refetchOnWindowFocus: false })
  const project = useProject(name)
  if (variables.error) return <ProblemNotice error={variables.error} />
  if (!variables.data) return <Loading />
  return (
    <div className="flex flex-col gap-4">
      <title>{`Variables · ${name} · Berth`}</title>
      <h1 className="sr-only">Variables of {name}</h1>
      <RedeployDue name={name} />
      <FromRole project={project.data?.data} needed="admin">
        {/* A new version from the server begins a new edit; the key drops what was typed over the old. */}
        <Editor
          key={variables.data.etag ?? variables.dataUpdatedAt}
          name={name}
          loaded={variables.data.data.items}
          loadedEtag={variables.data.etag}
        />
      </FromRole>
    </div>
  )
}

/** There while the live deployment was built with other variables than those that are saved. */
function RedeployDue({ name }: { name: string }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const changes = useQuery(variableChangesQuery(name))
  const apply = useMutation({
    mutationFn: () => deploy(name),
    onSuccess: (next) => {
      void refreshProject(client)
      return navigate({ to: pages.deployment, params: { project: name, deployment: next.id } })
    },
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  const items = changes.data?.items ?? []
  if (items.length === 0) return null
  const some = items.slice(0, 5).map((each) => `${each.key} (${each.what})`)
  const more = items.length - some.length
  return (
    <Notice
      title="Redeploy to apply"
      actions={
        <Button size="small" icon="redo" busy={apply.isPending} onClick={() => apply.mutate()}>
          Redeploy now
        </Button>
      }
    >
      What is live was built with other variables: {some.join(', ')}
      {more > 0 && ` and ${more} more`}.
    </Notice>
  )
}

/** The .env view is of one place at a time: such a file cannot say two values of one name. */
interface TextView {
  place: Place
  text: string
}

const textOf = (drafts: Draft[], place: Place): TextView => ({
  place,
  text: printDotenv(
    drafts.flatMap(({ key, value, environment, branch }) =>
      value !== null && identity({ key, environment, branch }) === identity({ key, ...place })
        ? [{ key, value }]
        : [],
    ),
  ),
})

function Editor({
  name,
  loaded,
  loadedEtag,
}: {
  name: string
  loaded: Variable[]
  loadedEtag: string | null
}) {
  const client = useQueryClient()
  const [{ saved, etag }, setBase] = useState({ saved: loaded, etag: loadedEtag })
  const [drafts, setDrafts] = useState(() => loaded.map(draftOf))
  const [view, setView] = useState<TextView | null>(null)
  const [confirming, setConfirming] = useState(false)
  const table = useRef<HTMLUListElement>(null)

  const parsed = view === null ? null : parseDotenv(view.text)
  const effective = parsed ? merge(drafts, parsed.pairs, view!.place) : drafts
  const changes = differences(saved, effective)
  const problems = check(effective)
  const wrong = problems.length > 0 || (parsed?.errors.length ?? 0) > 0

  const save = useMutation({
    mutationFn: () =>
      call(`/projects/${encodeURIComponent(name)}/env`, {
        method: 'PUT',
        etag,
        body: { items: effective.map(inputOf) },
      }),
    onSuccess: async () => {
      setConfirming(false)
      await Promise.all(
        ['env', 'env-changes'].map((key) => client.invalidateQueries({ queryKey: [key, name] })),
      )
      toast('Variables saved.')
    },
    onError: () => setConfirming(false),
  })

  const update = (row: number, change: Partial<Draft>) =>
    setDrafts(drafts.map((each) => (each.row === row ? { ...each, ...change } : each)))

  return (
    <>
      {save.error && (
        <VariableConflict
          error={save.error}
          name={name}
          saved={saved}
          drafts={effective}
          onTake={(theirs, next) => {
            setBase({ saved: theirs.data.items, etag: theirs.etag })
            setDrafts(next)
            setView(null)
            save.reset()
          }}
        />
      )}
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
              on={view === null}
              onPress={() => {
                setDrafts(effective)
                setView(null)
              }}
              disabled={wrong}
            >
              Table
            </ViewButton>
            <ViewButton
              on={view !== null}
              disabled={wrong}
              onPress={() => setView(view ?? textOf(drafts, everywhere))}
            >
              .env
            </ViewButton>
          </div>
        }
      >
        {view !== null ? (
          <div className="p-4">
            <div className="mb-2 flex flex-wrap items-start justify-between gap-2">
              <label htmlFor="dotenv" className="block font-medium">
                As a .env file
              </label>
              <PlaceField
                place={view.place}
                of="this file"
                onChange={(place) => {
                  // What was typed so far belongs to the place before.
                  const kept = view.place.branch === '' ? drafts : effective
                  setDrafts(kept)
                  setView(textOf(kept, place))
                }}
              />
            </div>
            <textarea
              id="dotenv"
              rows={14}
              spellCheck={false}
              value={view.text}
              aria-describedby="dotenv-hint"
              aria-invalid={parsed!.errors.length > 0 || undefined}
              onChange={(event) => setView({ ...view, text: event.target.value })}
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
                  <VariableRow
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
                          { environment: draft.environment, branch: draft.branch },
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
                  setDrafts([...drafts, newDraft()])
                  setTimeout(() =>
                    table.current?.querySelector<HTMLInputElement>('li:last-child input')?.focus(),
                  )
                }}
              >
                Add variable
              </Button>
              <PasteHint onPairs={(pairs) => setDrafts(merge(drafts, pairs, everywhere))} />
            </div>
          </>
        )}
      </Panel>
      {changes.length > 0 && (
        <Panel title="What a save changes">
          <VariableDiff changes={changes} />
        </Panel>
      )}
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
              setView(null)
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
          <VariableDiff changes={changes} />
          <DialogButtons>
            <Button onClick={() => setConfirming(false)}>Back</Button>
            <Button kind="primary" busy={save.isPending} onClick={() => save.mutate()}>
              Save
            </Button>
          </DialogButtons>
        </Dialog>
      )}
    </>
  )
}

function PasteHint({ onPairs }: { onPairs: (pairs: Pair[]) => void }) {
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
