import { describe, expect, it } from 'vitest'

import { ago, bytes, commitUrl, duration, nameFrom, repoName } from './format'

describe('words for numbers', () => {
  it('say how long', () => {
    expect([0, 840, 12_340, 247_000, 3_720_000].map(duration)).toEqual([
      '0 ms',
      '840 ms',
      '12.3 s',
      '4 min 07 s',
      '1 h 02 min',
    ])
  })

  it('say how long ago', () => {
    const now = 1_000_000_000
    expect(
      [0, 30_000, 180_000, 7_200_000, 172_800_000].map((past) => ago(now - past, now)),
    ).toEqual(['just now', '30 s ago', '3 min ago', '2 h ago', '2 d ago'])
  })

  it('say how much', () => {
    expect([0, 999, 1_500, 381_204, 2_000_000_000].map(bytes)).toEqual([
      '0 B',
      '999 B',
      '1.5 kB',
      '381 kB',
      '2.0 GB',
    ])
  })
})

describe('a repository address', () => {
  it('reads as people say it', () => {
    expect(repoName('https://github.com/you/site.git')).toBe('github.com/you/site')
    expect(repoName('git@codeberg.org:you/site.git')).toBe('codeberg.org:you/site')
  })

  it('gives a project its name, a DNS label', () => {
    expect(nameFrom('https://github.com/you/My_Site.js.git')).toBe('my-site-js')
    expect(nameFrom(`https://x/${'a'.repeat(60)}`)).toHaveLength(40)
    expect(nameFrom('git@host:thing')).toBe('thing')
    expect(nameFrom('')).toBe('')
  })

  it('links to a commit where the address is known', () => {
    expect(commitUrl('https://github.com/you/site', 'abc')).toBe(
      'https://github.com/you/site/commit/abc',
    )
    expect(commitUrl('http://localhost:1234/site', 'abc')).toBeNull()
  })
})
