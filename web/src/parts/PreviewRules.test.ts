import { describe, expect, it } from 'vitest'

import { patternsOf } from './PreviewRules'

describe('patterns in one line', () => {
  it('are between commas, but for commas between braces', () => {
    expect(patternsOf('feature/**, !wip ,fix-{a,b}/*')).toEqual([
      'feature/**',
      '!wip',
      'fix-{a,b}/*',
    ])
    expect(patternsOf(' , ,')).toEqual([])
    expect(patternsOf('')).toEqual([])
    expect(patternsOf('a{b')).toEqual(['a{b'])
  })
})
