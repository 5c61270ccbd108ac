import { describe, expect, it } from 'vitest'

import { bytesOf, textOf, wordsOf } from './webauthn'

describe('what goes between browser and API', () => {
  it('is base64url, there and back', () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    for (const length of [0, 1, 2, 3, 4, 255, 256]) {
      const bytes = all.slice(0, length)
      const text = textOf(bytes.buffer)
      expect(text).toBe(Buffer.from(bytes).toString('base64url'))
      expect([...bytesOf(text)]).toEqual([...bytes])
    }
  })

  it('says in words what a browser throws', () => {
    expect(wordsOf(new DOMException('x', 'NotAllowedError'))).toContain('canceled')
    expect(wordsOf(new DOMException('x', 'InvalidStateError'))).toContain('already')
    expect(wordsOf(new Error('The passkey was refused.'))).toBe('The passkey was refused.')
  })
})
