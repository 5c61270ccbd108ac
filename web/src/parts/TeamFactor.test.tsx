import { describe, expect, it } from 'vitest'

import { asksNow } from './TeamFactor'

describe('the second factor of a team', () => {
  it('is asked for from its time on', () => {
    expect(asksNow(null, 5)).toBe(false)
    expect(asksNow(6, 5)).toBe(false)
    expect(asksNow(5, 5)).toBe(true)
    expect(asksNow(4, 5)).toBe(true)
  })
})
