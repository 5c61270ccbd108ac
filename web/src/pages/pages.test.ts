import { describe, expect, it } from 'vitest'
import { readHash, writeHash } from '../parts/LogViewer'
import { staleKeys } from '../parts/live'
import { rank } from '../parts/Palette'
import { previousOf } from '../parts/RollBack'
import { safeNext } from './LoginPage'
import { device } from './SessionsPage'

describe('the way back after signing in', () => {
  it('stays on this dashboard', () => {
    expect(safeNext('/p/site?tab=files#L3')).toBe('/p/site?tab=files#L3')
    for (const outside of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'javascript:1',
      undefined,
    ])
      expect(safeNext(outside)).toBe('/')
  })
})

describe('a link to lines', () => {
  it('counts from one, people’s way', () => {
    expect(readHash('#L10-L20')).toEqual([9, 19])
    expect(readHash('L7')).toEqual([6, 6])
    expect(readHash('#L20-L10')).toEqual([9, 19])
    expect(readHash('#top')).toBeNull()
    expect(readHash('#L0')).toBeNull()
    expect(writeHash(9, 19)).toBe('L10-L20')
    expect(writeHash(6, 6)).toBe('L7')
  })
})

describe('rolling back', () => {
  const move = (deployment: string, generation: number) => ({
    deployment,
    generation,
    kind: 'promote' as const,
    actor: '',
    reason: '',
    at_ms: 0,
  })
  const at = (deployment: string, ...moves: string[]) => ({
    deployment,
    generation: moves.length,
    rolled_back: false,
    history: moves.map((each, i) => move(each, i + 1)).reverse(),
  })

  it('goes to what stood there before', () => {
    expect(previousOf(at('c', 'a', 'b', 'c'))).toBe('b')
  })

  it('walks further back the second time', () => {
    expect(previousOf(at('b', 'a', 'b', 'c', 'b'))).toBe('a')
  })

  it('has nowhere to go at the beginning', () => {
    expect(previousOf(at('a', 'a'))).toBeNull()
    expect(
      previousOf({ deployment: null, generation: 0, rolled_back: false, history: [] }),
    ).toBeNull()
  })
})

describe('an event', () => {
  it('makes old what it is about', () => {
    const keys = (topic: string, id: string) =>
      staleKeys({ topic, type: 'state', id, at_ms: 0 }).map((key) => key.join(' '))
    expect(keys('deployments', 'dpl_1')).toContain('deployment dpl_1')
    expect(keys('projects', 'prj_1')).toContain('projects')
    expect(keys('projects', '')).toEqual([''])
  })
})

describe('the palette', () => {
  it('finds by words, beginnings first', () => {
    expect(rank('har', 'harbour-site')).toBe(0)
    expect(rank('site', 'harbour-site')).toBe(1)
    expect(rank('bour', 'harbour-site')).toBe(2)
    expect(rank('x', 'harbour-site')).toBe(-1)
  })
})

describe('a session', () => {
  it('is named by what people know', () => {
    expect(device('Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0 Safari/537.36')).toBe(
      'Chrome on Linux',
    )
    expect(device('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/19 Safari/605')).toBe(
      'Safari on macOS',
    )
    expect(device('berth/0.1.0 (linux)')).toBe('berth/0.1.0')
    expect(device('')).toBe('Unknown')
  })
})
