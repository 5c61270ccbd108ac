import { describe, expect, it } from 'vitest'

import type { Variable } from './api/types'
import {
  check,
  differences,
  draftOf,
  everywhere,
  inputOf,
  merge,
  newDraft,
  rebase,
} from './variables'

const variable = (key: string, value: string | null, more: Partial<Variable> = {}): Variable => ({
  key,
  value,
  scope: 'all',
  environment: 'all',
  branch: '',
  sensitive: value === null,
  updated_at_ms: 1,
  updated_by: 'ada@example.com',
  ...more,
})

const drafts = (...list: Variable[]) => list.map(draftOf)
const words = (list: { what: string; key: string }[]) =>
  list.map((each) => `${each.what} ${each.key}`)

describe('what a save of variables changes', () => {
  it('is told apart: added, changed, removed', () => {
    const before = [variable('A', '1'), variable('B', '2'), variable('S', null)]
    const after = drafts(
      variable('A', '1'),
      variable('B', '3'),
      variable('C', 'x'),
      variable('S', null),
    )
    expect(words(differences(before, after))).toEqual(['changed B', 'added C'])
    expect(differences(before, after)[0]).toMatchObject({ before: '2', after: '3' })
    expect(words(differences(before, []))).toEqual(['removed A', 'removed B', 'removed S'])
  })

  it('holds a sealed value that was typed over, without showing it', () => {
    const typed = { ...draftOf(variable('S', null)), value: 'new' }
    const [change] = differences([variable('S', null)], [typed])
    expect(change).toMatchObject({ what: 'changed', before: null, after: null })
  })

  it('holds another scope, and tells branches apart', () => {
    const before = [variable('A', '1'), variable('A', '2', { environment: 'preview' })]
    const branch = { ...draftOf(before[1]!), branch: 'feat/new' }
    const build = { ...draftOf(before[0]!), scope: 'build' as const }
    expect(words(differences(before, [build, draftOf(before[1]!), branch]))).toEqual([
      'changed A',
      'added A',
    ])
  })
})

describe('a pasted file', () => {
  it('changes the variables of its place alone', () => {
    const production = { environment: 'production', branch: null } as const
    const before = drafts(variable('A', '1'), variable('A', '2', { environment: 'production' }))
    const after = merge(
      before,
      [
        { key: 'A', value: '3' },
        { key: 'B', value: '4' },
      ],
      production,
    )
    expect(after.map((each) => [each.key, each.environment, each.value])).toEqual([
      ['A', 'all', '1'],
      ['A', 'production', '3'],
      ['B', 'production', '4'],
    ])
  })

  it('is refused with a branch without a name', () => {
    const odd = merge([], [{ key: 'A', value: '1' }], { environment: 'preview', branch: '' })
    expect(check(odd)).toHaveLength(1)
    expect(check(merge([], [{ key: 'A', value: '1' }], everywhere))).toEqual([])
  })
})

describe('what goes to the server', () => {
  it('has no value that stays, and no branch that is none', () => {
    expect(inputOf(draftOf(variable('S', null)))).toEqual({
      key: 'S',
      scope: 'all',
      environment: 'all',
      sensitive: true,
    })
    expect(inputOf(newDraft('A', '', { environment: 'preview', branch: 'x' }))).toMatchObject({
      value: '',
      branch: 'x',
    })
  })
})

describe('an edit that came too late', () => {
  const base = [variable('A', '1'), variable('B', '1'), variable('C', '1')]
  const later = { updated_at_ms: 2 }

  it('takes from both sides what only one of them changed', () => {
    const mine = drafts(variable('A', 'mine'), variable('B', '1'), variable('C', '1'))
    mine.push(newDraft('NEW', 'mine'))
    const theirs = [variable('A', '1'), variable('B', 'theirs', later), variable('T', 't', later)]
    const { drafts: both, clashes } = rebase(base, mine, theirs)
    expect(clashes).toEqual([])
    expect(both.map((each) => `${each.key}=${each.value}`)).toEqual([
      'A=mine',
      'B=theirs',
      'T=t',
      'NEW=mine',
    ])
  })

  it('leaves to choose what both changed, and a removal against a change', () => {
    const mine = drafts(variable('A', 'mine'), variable('C', 'mine')) // removed B
    const theirs = [variable('A', 'theirs', later), variable('B', 'theirs', later)] // removed C
    const { drafts: sure, clashes } = rebase(base, mine, theirs)
    expect(sure).toEqual([])
    expect(clashes.map((each) => [each.key, each.mine?.value, each.theirs?.value])).toEqual([
      ['A', 'mine', 'theirs'],
      ['B', undefined, 'theirs'],
      ['C', 'mine', undefined],
    ])
  })

  it('finds no clash where both did the same', () => {
    const mine = drafts(variable('A', 'same'), variable('B', '1'), variable('C', '1'))
    const theirs = [variable('A', 'same', later), variable('B', '1'), variable('C', '1')]
    expect(rebase(base, mine, theirs).clashes).toEqual([])
  })
})
