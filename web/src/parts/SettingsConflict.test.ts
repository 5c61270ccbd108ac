import { describe, expect, it } from 'vitest'

import type { Project } from '../api/types'
import { clashesOf } from './SettingsConflict'

describe('settings that somebody else changed', () => {
  const theirs = { name: 'shop', root: 'web', node: null, branch: 'main' } as unknown as Project

  it('are shown where the two sides differ', () => {
    expect(clashesOf({ root: 'app', branch: 'main', node: '22' }, theirs)).toEqual([
      { key: 'root', mine: 'app', theirs: 'web' },
      { key: 'node', mine: '22', theirs: null },
    ])
  })

  it('hold no credential', () => {
    expect(clashesOf({ credential: { kind: 'none' } }, theirs)).toEqual([])
  })
})
