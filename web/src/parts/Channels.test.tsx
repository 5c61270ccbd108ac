import { describe, expect, it } from 'vitest'

import type { Channel } from '../api/types'
import { healthOf } from './Channels'

const channel = (more: Partial<Channel>): Channel => ({
  id: 'ntf_1',
  team: 'tea_1',
  project: null,
  kind: 'slack',
  name: 'ops',
  target: 'hooks.example',
  events: ['deployment_failed'],
  enabled: true,
  version: 1,
  failures: 0,
  last_sent_ms: null,
  last_error: '',
  last_error_ms: null,
  created_at_ms: 0,
  ...more,
})

describe('the health of a channel', () => {
  it('is said as it is', () => {
    expect(healthOf(channel({}))).toEqual({ tone: 'muted', text: 'not used yet' })
    expect(healthOf(channel({ last_sent_ms: 5 })).tone).toBe('ok')
    expect(healthOf(channel({ last_sent_ms: 5, last_error: 'it answered 500' }))).toEqual({
      tone: 'bad',
      text: 'it answered 500',
    })
    expect(healthOf(channel({ enabled: false, last_error: 'x' })).text).toBe('off')
  })
})
