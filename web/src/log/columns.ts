// How many columns a text takes in a monospace grid. Tabs stop every 8; wide characters take two.

import type { Run } from './sgr'

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

const zero = /[\u0300-\u036f]|\u200d|[\ufe00-\ufe0f]/

export const widthOf = (code: number, at: number): number => {
  if (code === 9) return 8 - (at % 8)
  if (code < 0x300) return 1
  const character = String.fromCodePoint(code)
  return zero.test(character) ? 0 : wide.test(character) ? 2 : 1
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
