import { describe, expect, it } from 'vitest'

import { may } from './role'

describe('what a role may', () => {
  it('grows with the role', () => {
    const allowed = (role: 'viewer' | 'developer' | 'admin' | 'owner') =>
      (['viewer', 'developer', 'admin', 'owner'] as const).filter((needed) => may({ role }, needed))
    expect(allowed('viewer')).toEqual(['viewer'])
    expect(allowed('developer')).toEqual(['viewer', 'developer'])
    expect(allowed('admin')).toEqual(['viewer', 'developer', 'admin'])
    expect(allowed('owner')).toHaveLength(4)
  })

  it('is left to the server where it is not known', () => {
    expect(may({ role: null }, 'owner')).toBe(true)
    expect(may(undefined, 'owner')).toBe(true)
  })
})
