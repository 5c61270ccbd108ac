import { describe, expect, it } from 'vitest'

import { parseDotenv, printDotenv } from './dotenv'

const pairs = (text: string) =>
  Object.fromEntries(parseDotenv(text).pairs.map((pair) => [pair.key, pair.value]))

describe('a .env file', () => {
  it('has names, values, comments and export', () => {
    expect(pairs('# top\nA=1\n export B = two words # not this\n\nC=\nD=a#b')).toEqual({
      A: '1',
      B: 'two words',
      C: '',
      D: 'a#b',
    })
  })

  it('takes quotes as the peers do', () => {
    expect(pairs(`A="line\\nbreak"\nB='$as \\n is'\nC="say \\"hi\\""`)).toEqual({
      A: 'line\nbreak',
      B: '$as \\n is',
      C: 'say "hi"',
    })
  })

  it('takes values over several lines', () => {
    expect(pairs('KEY="-----BEGIN\nabc\n-----END"\nB=2')).toEqual({
      KEY: '-----BEGIN\nabc\n-----END',
      B: '2',
    })
  })

  it('lets the last of two win', () => {
    expect(pairs('A=1\nA=2')).toEqual({ A: '2' })
  })

  it('says which line is wrong', () => {
    expect(parseDotenv('A=1\nnonsense\n2B=x\nC="open').errors.map((error) => error.line)).toEqual([
      2, 3, 4,
    ])
  })

  it('is read back as it was printed', () => {
    const list = [
      { key: 'A', value: 'simple' },
      { key: 'B', value: 'with "quotes" and \\ and $x' },
      { key: 'C', value: 'two\nlines\r\n' },
      { key: 'D', value: ' # spaces ' },
      { key: 'E', value: '' },
    ]
    expect(parseDotenv(printDotenv(list)).pairs).toEqual(list)
  })
})
