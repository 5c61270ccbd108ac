// A project's variables while they are edited: what a save would change, and what becomes of an edit
// when somebody else was faster.

import type { Variable, VariableEnvironment } from './api/types'
import { keyPattern, type Pair } from './dotenv'

/** Where a variable holds. `branch` null: in all branches; '': one that is not named yet. */
export interface Place {
  environment: VariableEnvironment
  branch: string | null
}

/** A variable while it is edited. `value` null: there is one on the server, which stays. */
export interface Draft extends Place {
  row: number
  key: string
  value: string | null
  sensitive: boolean
  scope: Variable['scope']
  updated_at_ms?: number
  updated_by?: string
}

type Named = { key: string; environment: string; branch?: string | null }
type Edited = Omit<Draft, 'row'>

let lastRow = 0

export const everywhere: Place = { environment: 'all', branch: null }

export const newDraft = (key = '', value = '', place: Place = everywhere): Draft => ({
  row: ++lastRow,
  key,
  value,
  ...place,
  sensitive: true,
  scope: 'all',
})

export const draftOf = (variable: Variable): Draft => ({
  row: ++lastRow,
  key: variable.key,
  value: variable.value ?? null,
  environment: variable.environment,
  branch: variable.branch || null,
  sensitive: variable.sensitive,
  scope: variable.scope,
  updated_at_ms: variable.updated_at_ms,
  updated_by: variable.updated_by,
})

/** What PUT takes of it. */
export const inputOf = ({ key, value, scope, environment, branch, sensitive }: Edited) => ({
  key,
  ...(value !== null && { value }),
  scope,
  environment,
  ...(branch && { branch }),
  sensitive,
})

export const identity = (each: Named) => `${each.key} ${each.environment} ${each.branch || ''}`

export const placeWords = (place: { environment: string; branch?: string | null }) =>
  place.branch ? `branch ${place.branch}` : place.environment

export interface Difference {
  what: 'added' | 'changed' | 'removed'
  key: string
  environment: VariableEnvironment
  branch: string | null
  /** Values that may be shown; null: none, or sealed. */
  before: string | null
  after: string | null
}

const isOther = (mine: Edited, known: Variable) =>
  (mine.value !== null && mine.value !== (known.value ?? null)) ||
  mine.sensitive !== known.sensitive ||
  mine.scope !== known.scope

/** What a save would change, for people to read before it does. */
export const differences = (before: Variable[], after: Edited[]): Difference[] => {
  const old = new Map(before.map((each) => [identity(each), each]))
  const list: Difference[] = []
  const tell = (what: Difference['what'], of: Variable | Edited, known?: Variable) =>
    list.push({
      what,
      key: of.key,
      environment: of.environment,
      branch: of.branch || null,
      before: known?.value ?? null,
      after: what === 'removed' || of.sensitive ? null : (of.value ?? null),
    })
  for (const each of after) {
    const known = old.get(identity(each))
    old.delete(identity(each))
    if (!known) tell('added', each)
    else if (isOther(each, known)) tell('changed', each, known)
  }
  for (const each of old.values()) tell('removed', each, each)
  return list
}

/** Puts pairs into drafts: an existing name gets the value, a new one a row of its own. */
export const merge = (drafts: Draft[], pairs: Pair[], place: Place): Draft[] => {
  const next = [...drafts]
  for (const { key, value } of pairs) {
    const at = next.findIndex((each) => identity(each) === identity({ key, ...place }))
    if (at >= 0) next[at] = { ...next[at]!, value }
    else next.push(newDraft(key, value, place))
  }
  return next
}

export const check = (drafts: Draft[]): { row: number; detail: string }[] => {
  const seen = new Set<string>()
  return drafts.flatMap((each) => {
    const twice = seen.has(identity(each))
    seen.add(identity(each))
    if (!keyPattern.test(each.key))
      return [{ row: each.row, detail: 'Letters, digits and _; not first a digit.' }]
    if (each.branch === '') return [{ row: each.row, detail: 'Name the branch.' }]
    return twice ? [{ row: each.row, detail: 'There twice for the same environment.' }] : []
  })
}

/** One variable that both sides changed, each in their own way. Nothing: that side removed it. */
export interface Clash {
  id: string
  key: string
  place: string
  mine: Draft | undefined
  theirs: Variable | undefined
}

/** My edit of `base` laid over what somebody else saved meanwhile: what only one of us changed is
 * taken, what both changed alike is no matter, and the rest is left to choose. */
export const rebase = (base: Variable[], mine: Draft[], theirs: Variable[]) => {
  const by = <T extends Named>(list: T[]) => new Map(list.map((each) => [identity(each), each]))
  const [old, ours, others] = [by(base), by(mine), by(theirs)]
  const clashes: Clash[] = []
  const drafts: Draft[] = []
  const changed = new Set(differences(base, mine).map(identity))
  for (const [id, their] of others) {
    const known = old.get(id)
    const theyChanged = !known || their.updated_at_ms !== known.updated_at_ms
    const my = ours.get(id)
    if (!changed.has(id)) drafts.push(draftOf(their))
    else if (!theyChanged) my && drafts.push(my)
    else if (my && !isOther(my, their) && my.value !== null) drafts.push(draftOf(their))
    else clashes.push({ id, key: their.key, place: placeWords(their), mine: my, theirs: their })
  }
  for (const [id, my] of ours) {
    if (others.has(id)) continue
    if (!old.has(id)) drafts.push(my)
    else if (changed.has(id))
      clashes.push({ id, key: my.key, place: placeWords(my), mine: my, theirs: undefined })
  }
  return { drafts, clashes }
}
