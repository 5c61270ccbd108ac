// Colours of a terminal, and nothing else of it: every other control sequence is dropped, so that a log
// can neither move a cursor nor rewrite a title. Styles are class names over the theme's own colours,
// because a program's exact RGB may be unreadable on our background.

export interface Run {
  text: string
  className: string
  href: string | null
}

/** Style in one number, so that the store can keep it per line: fg 5 bits, bg 5 bits, flags 6 bits. */
export type Sgr = number

export const plain: Sgr = 0

const fgOf = (style: Sgr) => style & 31
const bgOf = (style: Sgr) => (style >> 5) & 31
const withFg = (style: Sgr, colour: number) => (style & ~31) | colour
const withBg = (style: Sgr, colour: number) => (style & ~(31 << 5)) | (colour << 5)

const flags = {
  bold: 1 << 10,
  dim: 1 << 11,
  italic: 1 << 12,
  underline: 1 << 13,
  inverse: 1 << 14,
  strike: 1 << 15,
}

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

/** The nearest of the theme's colours (1 to 16; 0 is none) to an exact one: by hue, greys by lightness. */
export const nearest = (r: number, g: number, b: number): number => {
  const high = Math.max(r, g, b)
  const low = Math.min(r, g, b)
  const spread = high - low
  if (spread < 40 || spread < high * 0.2)
    return high < 70 ? 1 : high < 160 ? 9 : high < 215 ? 8 : 16
  const hue =
    high === r
      ? ((g - b) / spread + 6) % 6
      : high === g
        ? (b - r) / spread + 2
        : (r - g) / spread + 4
  const colour = [2, 4, 3, 7, 5, 6][Math.round(hue) % 6]!
  return high > 215 ? colour + 8 : colour
}

const indexed = (n: number): number => {
  if (n < 16) return n + 1
  if (n >= 232) {
    const grey = 8 + (n - 232) * 10
    return nearest(grey, grey, grey)
  }
  const level = (v: number) => (v === 0 ? 0 : 55 + v * 40)
  const cube = n - 16
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6))
}

/** Reads `38;5;n` or `38;2;r;g;b` from `at`; answers the colour and how many numbers it used up. */
const extended = (codes: number[], at: number): [number, number] => {
  if (codes[at + 1] === 5) return [indexed((codes[at + 2] ?? 0) & 255), 2]
  if (codes[at + 1] === 2)
    return [nearest(codes[at + 2] ?? 0, codes[at + 3] ?? 0, codes[at + 4] ?? 0), 4]
  return [0, 0]
}

/** The style after `ESC [ parameters m`. */
export const applySgr = (style: Sgr, parameters: string): Sgr => {
  const codes = parameters === '' ? [0] : parameters.split(/[;:]/).map(Number)
  let next = style
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    if (code === 0) next = plain
    else if (code === 1) next |= flags.bold
    else if (code === 2) next |= flags.dim
    else if (code === 3) next |= flags.italic
    else if (code === 4) next |= flags.underline
    else if (code === 7) next |= flags.inverse
    else if (code === 9) next |= flags.strike
    else if (code === 22) next &= ~(flags.bold | flags.dim)
    else if (code === 23) next &= ~flags.italic
    else if (code === 24) next &= ~flags.underline
    else if (code === 27) next &= ~flags.inverse
    else if (code === 29) next &= ~flags.strike
    else if (code >= 30 && code <= 37) next = withFg(next, code - 29)
    else if (code === 39) next = withFg(next, 0)
    else if (code >= 40 && code <= 47) next = withBg(next, code - 39)
    else if (code === 49) next = withBg(next, 0)
    else if (code >= 90 && code <= 97) next = withFg(next, code - 81)
    else if (code >= 100 && code <= 107) next = withBg(next, code - 91)
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes, i)
      next = code === 38 ? withFg(next, colour) : withBg(next, colour)
      i += used
    }
  }
  return next
}

const classes = new Map<Sgr, string>()

const nameOf = (prefix: string, colour: number) =>
  `${prefix}-${colour > 8 ? 'bright-' : ''}${names[(colour - 1) & 7]}`

export const classOf = (style: Sgr): string => {
  const known = classes.get(style)
  if (known !== undefined) return known
  const inverse = (style & flags.inverse) !== 0
  const fg = inverse ? bgOf(style) : fgOf(style)
  const bg = inverse ? fgOf(style) : bgOf(style)
  const list: string[] = []
  if (fg) list.push(nameOf('fg', fg))
  if (bg) list.push(nameOf('bg', bg))
  else if (inverse) list.push('bg-inverse')
  if (style & flags.bold) list.push('sgr-bold')
  if (style & flags.dim) list.push('sgr-dim')
  if (style & flags.italic) list.push('sgr-italic')
  if (style & flags.underline) list.push('sgr-underline')
  if (style & flags.strike) list.push('sgr-strike')
  const joined = list.join(' ')
  classes.set(style, joined)
  return joined
}

// One alternative per kind of sequence; the last catches a lone or unfinished escape. C1 forms included.
const sequence =
  /(?:\x1b\[|\x9b)([0-?]*)([ -/]*)([@-~])|(?:\x1b\]|\x9d)([^\x07\x1b\x9c]*)(?:\x07|\x1b\\|\x9c|$)|\x1b[PX^_][^\x1b\x9c]*(?:\x1b\\|\x9c|$)|\x1b[ -/]*[0-~]?|[\x80-\x9f]/g

// Characters that reorder or hide text; shown as what they are.
const hidden = /[\u200b\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]/g
const control = /[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f]/g

const spell = (character: string) =>
  `‹U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}›`

const clean = (text: string) => text.replace(hidden, spell).replace(control, '')

const linkTarget = (osc: string): string | null | undefined => {
  if (!osc.startsWith('8;')) return undefined
  const target = osc.slice(osc.indexOf(';', 2) + 1)
  return /^https?:\/\//i.test(target) ? target : null
}

/** Splits a line into runs of one style. `after` is the style that the next line of this stream has. */
export const parseLine = (line: string, style: Sgr): { runs: Run[]; after: Sgr } => {
  const runs: Run[] = []
  let current = style
  let href: string | null = null
  let from = 0
  const push = (to: number) => {
    if (to <= from) return
    const text = clean(line.slice(from, to))
    if (text) runs.push({ text, className: classOf(current), href })
  }
  sequence.lastIndex = 0
  for (let match = sequence.exec(line); match; match = sequence.exec(line)) {
    push(match.index)
    from = match.index + match[0].length
    if (match[3] === 'm' && !match[2] && !/[<-?]/.test(match[1]!)) {
      current = applySgr(current, match[1]!)
    } else if (match[4] !== undefined) {
      const target = linkTarget(match[4])
      if (target !== undefined) href = target
    }
  }
  push(line.length)
  return { runs, after: current }
}

/** The text as a reader sees it: no sequences, hidden characters spelled out. */
export const visibleText = (line: string): string => clean(line.replace(sequence, ''))
