// How many columns a text takes in a monospace grid. Tabs stop every 8; wide characters take two.

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

/** Replaces tabs by the spaces they stand for, given where the text begins. */
export const expandTabs = (text: string, at: number): string => {
  if (!text.includes('\t')) return text
  let out = ''
  let column = at
  for (const character of text) {
    const width = widthOf(character.codePointAt(0)!, column)
    out += character === '\t' ? ' '.repeat(width) : character
    column += width
  }
  return out
}

/** Cuts text into pieces that fill a row of `width` columns, the first beginning at column `at`. */
export const cut = (text: string, at: number, width: number): string[] => {
  const pieces: string[] = []
  let piece = ''
  let column = at
  for (const character of text) {
    const w = widthOf(character.codePointAt(0)!, column)
    if (column + w > width && column > 0) {
      pieces.push(piece)
      piece = ''
      column = 0
    }
    piece += character
    column += w
  }
  pieces.push(piece)
  return pieces
}
