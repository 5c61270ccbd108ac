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

const sets: Record<number, number> = {
  1: flags.bold,
  2: flags.dim,
  3: flags.italic,
  4: flags.underline,
  7: flags.inverse,
  9: flags.strike,
}
const clears: Record<number, number> = {
  22: flags.bold | flags.dim,
  23: flags.italic,
  24: flags.underline,
  27: flags.inverse,
  29: flags.strike,
}

/** The style after `ESC [ parameters m`. */
export const applySgr = (style: Sgr, parameters: string): Sgr => {
  const codes = parameters.split(/[;:]/).map(Number) // "" is 0
  let next = style
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    if (code === 0) next = plain
    next = (next | (sets[code] ?? 0)) & ~(clears[code] ?? 0)
    // Colours: 30 to 37 and 90 to 97 (bright) of the text, 40 to 47 and 100 to 107 behind it; 39, 49 none.
    const ten = Math.floor(code / 10)
    const unit = code % 10
    const put = ten === 3 || ten === 9 ? withFg : ten === 4 || ten === 10 ? withBg : null
    if (!put) continue
    if (unit < 8) next = put(next, unit + (ten > 4 ? 9 : 1))
    else if (ten < 5 && unit === 9) next = put(next, 0)
    else if (ten < 5) {
      const [colour, used] = extended(codes, i)
      next = put(next, colour)
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
  for (const [name, flag] of Object.entries(flags))
    if (style & flag && flag !== flags.inverse) list.push(`sgr-${name}`)
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
