// The `.env` grammar that people paste: KEY=value, export KEY=value, quotes, comments, and values over
// several lines in quotes. No expansion: what is written is what is stored.

export interface Pair {
  key: string
  value: string
}

export interface DotenvError {
  line: number
  detail: string
}

export const keyPattern = /^[A-Za-z_][A-Za-z0-9_]*$/

const unescaped = (text: string) =>
  text.replace(/\\([nrt"\\$])/g, (_, c: string) => ({ n: '\n', r: '\r', t: '\t' })[c] ?? c)

export const parseDotenv = (text: string): { pairs: Pair[]; errors: DotenvError[] } => {
  const pairs = new Map<string, string>()
  const errors: DotenvError[] = []
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.trim()
    const number = i + 1
    if (line === '' || line.startsWith('#')) continue
    const equals = line.indexOf('=')
    const key = (equals < 0 ? line : line.slice(0, equals)).replace(/^export\s+/, '').trim()
    if (equals < 0) {
      errors.push({ line: number, detail: `Expected NAME=value, found "${key.slice(0, 30)}".` })
      continue
    }
    if (!keyPattern.test(key)) {
      errors.push({ line: number, detail: `"${key.slice(0, 30)}" is not a variable name.` })
      continue
    }
    let rest = line.slice(equals + 1).trim()
    const quote = rest[0]
    if (quote === '"' || quote === "'" || quote === '`') {
      const closed = () => {
        for (let at = 1; at < rest.length; at++) {
          if (quote === '"' && rest[at] === '\\') at++
          else if (rest[at] === quote) return at
        }
        return -1
      }
      let end = closed()
      while (end < 0 && i + 1 < lines.length) {
        rest += `\n${lines[++i]}`
        end = closed()
      }
      if (end < 0) {
        errors.push({ line: number, detail: `The quote after ${key}= is not closed.` })
        continue
      }
      const inside = rest.slice(1, end)
      pairs.set(key, quote === '"' ? unescaped(inside) : inside)
    } else {
      pairs.set(key, rest.replace(/\s+#.*$/, ''))
    }
  }
  return { pairs: [...pairs].map(([key, value]) => ({ key, value })), errors }
}

/** The other direction; what is printed parses to the same. */
export const printDotenv = (pairs: Pair[]): string =>
  pairs
    .map(({ key, value }) => {
      if (/^[A-Za-z0-9_./:@%+,-]*$/.test(value)) return `${key}=${value}`
      const escaped = value
        .replace(/[\\"$]/g, '\\$&')
        .replace(/\n/g, '\\n')
        .replace(/\r/g, '\\r')
      return `${key}="${escaped}"`
    })
    .join('\n')
