const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** "3 min ago"; an exact time stands in the title of whatever shows it. */
export const ago = (at_ms: number, now = Date.now()): string => {
  const past = Math.max(0, now - at_ms)
  if (past < 10_000) return 'just now'
  if (past < minute) return `${Math.floor(past / 1000)} s ago`
  if (past < hour) return `${Math.floor(past / minute)} min ago`
  if (past < day) return `${Math.floor(past / hour)} h ago`
  if (past < 30 * day) return `${Math.floor(past / day)} d ago`
  return new Date(at_ms).toLocaleDateString('en', {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
  })
}

export const exact = (at_ms: number) =>
  new Date(at_ms).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'medium' })

export const dayOf = (at_ms: number) =>
  new Date(at_ms).toLocaleDateString('en', { dateStyle: 'medium' })

/** "840 ms", "12.3 s", "4 min 07 s". */
export const duration = (ms: number): string => {
  if (ms < 0) return duration(0)
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 100_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  if (ms < hour)
    return `${Math.floor(ms / minute)} min ${String(Math.floor((ms % minute) / 1000)).padStart(2, '0')} s`
  return `${Math.floor(ms / hour)} h ${String(Math.floor((ms % hour) / minute)).padStart(2, '0')} min`
}

export const bytes = (n: number): string => {
  if (n < 1000) return `${n} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = n / 1000
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

export const short = (commit: string) => commit.slice(0, 7)

/** "github.com/berth/site" out of any Git URL. */
export const repoName = (url: string): string =>
  url
    .replace(/^[a-z+]+:\/\//i, '')
    .replace(/^[^@/]*@/, '')
    .replace(/\.git\/?$/, '')
    .replace(/\/$/, '')

/** A project name from a Git URL: a DNS label of at most 40 characters. */
export const nameFrom = (url: string): string =>
  (repoName(url).split(/[/:]/).pop() ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '')

/** Host and port without the scheme, as people read an address. */
export const bare = (url: string) => url.replace(/^https?:\/\//, '').replace(/\/$/, '')

/** The page of a commit at the hosts whose addresses are known; null elsewhere. */
export const commitUrl = (repo_url: string, commit: string): string | null => {
  const name = repoName(repo_url).replace(':', '/')
  if (/^(github\.com|codeberg\.org)\//.test(name)) return `https://${name}/commit/${commit}`
  if (/^gitlab\.com\//.test(name)) return `https://${name}/-/commit/${commit}`
  if (/^bitbucket\.org\//.test(name)) return `https://${name}/commits/${commit}`
  return null
}

/** "1 rule", "1,204 rules". */
export const counted = (n: number, noun: string) =>
  `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`
