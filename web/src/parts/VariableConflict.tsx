import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'

import { callVersioned, Problem, type Versioned } from '../api/client'
import type { Variable } from '../api/types'
import { Button } from '../ui/Button'
import { Notice } from '../ui/Notice'
import { toast } from '../ui/Toast'
import { type Clash, type Draft, draftOf, rebase } from '../variables'
import { ProblemNotice } from './Broken'

const said = (side: { value?: string | null; sensitive: boolean } | undefined) => {
  if (!side) return 'removed'
  if (side.sensitive) return side.value === null ? 'sealed' : 'a new value, sealed'
  return side.value === '' ? 'empty' : (side.value ?? '')
}

/** A refused save: what they saved and what was typed here, side by side, to choose from. What only
 * one side changed needs no choice. `onTake` gets the outcome, to look at and save. */
export function VariableConflict({
  error,
  name,
  saved,
  drafts,
  onTake,
}: {
  error: Error
  name: string
  saved: Variable[]
  drafts: Draft[]
  onTake: (theirs: Versioned<{ items: Variable[] }>, drafts: Draft[]) => void
}) {
  const [mine, setMine] = useState<Record<string, boolean>>({})
  const load = useMutation({
    mutationFn: () =>
      callVersioned<{ items: Variable[] }>(`/projects/${encodeURIComponent(name)}/env`),
    onError: (broken: Problem) => toast(broken.message, { bad: true }),
  })
  if (!(error instanceof Problem) || error.status !== 412) return <ProblemNotice error={error} />
  const theirs = load.data
  const { drafts: sure, clashes } = theirs
    ? rebase(saved, drafts, theirs.data.items)
    : { drafts: [], clashes: [] as Clash[] }
  const take = () => {
    if (!theirs) return
    const chosen = clashes.flatMap((clash) => {
      if (mine[clash.id]) return clash.mine ? [clash.mine] : []
      return clash.theirs ? [draftOf(clash.theirs)] : []
    })
    onTake(theirs, [...sure, ...chosen])
  }
  return (
    <Notice
      tone="warn"
      role="alert"
      title="Nothing was saved: the variables are others now"
      actions={
        theirs ? (
          <Button size="small" kind="primary" onClick={take}>
            Take this
          </Button>
        ) : (
          <Button size="small" busy={load.isPending} onClick={() => load.mutate()}>
            Compare
          </Button>
        )
      }
    >
      <p>{error.message}</p>
      {theirs && clashes.length === 0 && (
        <p>You changed other variables than they did: both go together.</p>
      )}
      {clashes.map((clash) => (
        <fieldset key={clash.id} className="mt-2">
          <legend>
            <code className="font-mono">{clash.key}</code> ({clash.place})
          </legend>
          {[true, false].map((own) => (
            <label key={String(own)} className="flex min-h-[24px] items-center gap-2">
              <input
                type="radio"
                name={clash.id}
                className="size-4 accent-(--accent)"
                checked={(mine[clash.id] ?? false) === own}
                onChange={() => setMine({ ...mine, [clash.id]: own })}
              />
              {own ? 'Yours' : 'Theirs'}:
              <code className="min-w-0 font-mono break-all">
                {said(own ? clash.mine : clash.theirs)}
              </code>
            </label>
          ))}
        </fieldset>
      ))}
    </Notice>
  )
}
