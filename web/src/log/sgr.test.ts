import { describe, expect, it } from 'vitest'

import { applySgr, classOf, nearest, parseLine, plain, visibleText } from './sgr'

const texts = (line: string) => parseLine(line, plain).runs.map((run) => run.text)

describe('a line of a terminal', () => {
  it('is cut where the style changes', () => {
    const { runs, after } = parseLine('a \x1b[31mred\x1b[1m bold\x1b[0m b', plain)
    expect(runs.map((run) => [run.text, run.className])).toEqual([
      ['a ', ''],
      ['red', 'fg-red'],
      [' bold', 'fg-red sgr-bold'],
      [' b', ''],
    ])
    expect(after).toBe(plain)
  })

  it('hands its style to the next line', () => {
    const { after } = parseLine('\x1b[32mgreen', plain)
    expect(parseLine('still', after).runs[0]?.className).toBe('fg-green')
  })

  it('keeps the text and drops every other sequence', () => {
    expect(texts('\x1b[2K\x1b[1Gdone\x1b[?25h').join('')).toBe('done')
    expect(texts('\x1b]0;title\x07text').join('')).toBe('text')
    expect(texts('\x1bPdcs\x1b\\text').join('')).toBe('text')
    expect(texts('\x9b31mtext').join('')).toBe('text')
    expect(texts('a\x1b').join('')).toBe('a')
  })

  it('links only to http and https', () => {
    const link = (target: string) =>
      parseLine(`\x1b]8;;${target}\x07here\x1b]8;;\x07`, plain).runs[0]?.href
    expect(link('https://example.com/a')).toBe('https://example.com/a')
    expect(link('javascript:alert(1)')).toBeNull()
    expect(link('file:///etc/passwd')).toBeNull()
  })

  it('spells out characters that reorder or hide text', () => {
    expect(visibleText('a\u202eb\u200bc')).toBe('a‹U+202E›b‹U+200B›c')
  })

  it('leaves markup as text', () => {
    expect(texts('<script>alert(1)</script>')).toEqual(['<script>alert(1)</script>'])
  })

  it('shows the same text with and without styles, whatever comes', () => {
    const pieces = [
      '\x1b[',
      '31',
      ';',
      'm',
      'x',
      '\x1b]8;;',
      'https://a',
      '\x07',
      '\x1b\\',
      ' ',
      'é',
      '\x9b',
      '\x00',
      '\x1bP',
      '?',
      '38;5;200',
      '48;2;1;2;3',
      '\u202e',
      '😀',
    ]
    let seed = 42
    const next = () => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff
      return seed
    }
    for (let i = 0; i < 20_000; i++) {
      const line = Array.from({ length: next() % 12 }, () => pieces[next() % pieces.length]).join(
        '',
      )
      const shown = visibleText(line)
      if (texts(line).join('') !== shown || shown.includes('\x1b')) expect(shown).toBe(line)
    }
  })
})

describe('colours', () => {
  it('map exact ones onto the theme by hue, greys by lightness', () => {
    expect(classOf(applySgr(plain, '38;5;196'))).toBe('fg-bright-red')
    expect(classOf(applySgr(plain, '38;2;10;120;30'))).toBe('fg-green')
    expect(nearest(20, 20, 20)).toBe(1)
    expect(nearest(250, 250, 250)).toBe(16)
  })

  it('swap under inverse', () => {
    expect(classOf(applySgr(plain, '31;7'))).toBe('bg-red')
    expect(classOf(applySgr(plain, '7'))).toBe('bg-inverse')
  })

  it('end one by one', () => {
    expect(applySgr(applySgr(plain, '1;3;4;9;31;42'), '22;23;24;29;39;49')).toBe(plain)
  })
})
