import { describe, expect, it } from 'vitest'

import { returnOf, tripOf } from './provider'

describe('coming back from a provider', () => {
  it('reads what it sent', () => {
    expect(returnOf('?code=a%2Fb&state=s&iss=https%3A%2F%2Flogin.example')).toEqual({
      code: 'a/b',
      state: 's',
      issuer: 'https://login.example',
      error: null,
    })
    expect(returnOf('?error=access_denied&state=s').error).toBe('access_denied')
    expect(returnOf('')).toEqual({ code: '', state: '', issuer: null, error: null })
  })

  it('remembers what was wanted, and nothing that is no wish', () => {
    expect(tripOf('{"next":"/teams","link":true}')).toEqual({ next: '/teams', link: true })
    for (const odd of ['', 'x', 'null', '1', '"a"']) expect(tripOf(odd)).toEqual({})
  })
})
