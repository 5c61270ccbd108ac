import { describe, expect, it } from 'vitest'

import type { Deployment } from '../api/types'
import { comparable } from './Diff'

const deployment = (id: string, created_at_ms: number, state = 'ready') =>
  ({ id, created_at_ms, state }) as Deployment

describe('what a deployment is compared with', () => {
  const all = [deployment('c', 3), deployment('x', 2, 'failed'), deployment('a', 1)]

  it('is the newest ready one before it', () => {
    expect(comparable(all, all[0]!)).toEqual({ others: [all[2]], first: 'a' })
  })

  it('is another where there is none before, or nothing', () => {
    expect(comparable(all, all[2]!).first).toBe('c')
    expect(comparable([all[0]!], all[0]!).first).toBeUndefined()
  })
})
