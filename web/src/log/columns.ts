// How many columns a text takes in a monospace grid. Tabs stop every 8; wide characters take two.

import type { Run } from './sgr'

const wide = (code: number) =>
  code >= 0x1100 &&
  (code <= 0x115f ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd))

const zero = (code: number) =>
  (code >= 0x300 && code <= 0x36f) || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f)

export const widthOf = (code: number, at: number): number => {
  if (code === 9) return 8 - (at % 8)
  if (code < 0x300) return 1
  return zero(code) ? 0 : wide(code) ? 2 : 1
}

export const columnsOf = (text: string): number => {
  let columns = 0
  for (const character of text) columns += widthOf(character.codePointAt(0)!, columns)
  return columns
}

/**
 * The runs of one row of a line that is wrapped at `width` columns (0: not wrapped), tabs spread out to
 * the stops that they have in the whole line.
 */
export const rowOf = (runs: Run[], width: number, wanted: number): Run[] => {
  if (width === 0 && !runs.some((run) => run.text.includes('\t'))) return runs
  const out: Run[] = []
  let row = 0
  let column = 0 // of the row
  let at = 0 // of the line
  for (const run of runs) {
    let text = ''
    const end = () => {
      if (text && row === wanted) out.push({ ...run, text })
      text = ''
    }
    for (const character of run.text) {
      const columns = widthOf(character.codePointAt(0)!, at)
      at += columns
      const tab = character === '\t'
      for (let n = tab ? columns : 1; n > 0; n--) {
        const w = tab ? 1 : columns
        if (width > 0 && column + w > width && column > 0) {
          end()
          row++
          column = 0
        }
        text += tab ? ' ' : character
        column += w
      }
    }
    end()
    if (row > wanted) break
  }
  return out
}
