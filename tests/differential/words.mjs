/** The small vocabulary of all dialects: rules, files and requests that share words meet often. */

export const words = ['a', 'b', 'c', 'ab', 'blog', 'docs', 'A', 'x.css', 'p.html', 'index']
export const names = ['id', 'slug', 'idx', 'a1', 'n']
/** Segments that tell encoders and normalisers apart. */
const special = [
  'b%20c',
  '%C3%BC',
  'a.b',
  'a+b',
  'a~b',
  "it's",
  'a@b',
  'a;b',
  'a,b',
  'b%2Ec',
  '%41',
  'a$1',
]

export const origin = 'http://shop.example'

/** The address that is asked: a path is this site's, also when it begins with two slashes. */
export function address(url) {
  return new URL(url.startsWith('/') ? origin + url : url)
}

/** Slashes beside each other as one. */
export function compact(path) {
  return path.replaceAll(/\/{2,}/g, '/')
}

export function word(random) {
  return random.chance(4) ? random.pick(special) : random.pick(words)
}

/** Files of a site, some of which stand in the way of rules. */
export function paths(random, own) {
  const all = new Set(random.chance(85) ? ['index.html'] : [])
  if (random.chance(60)) all.add('404.html')
  for (const path of [
    ...own,
    ...random.several(0, 5, () => random.several(1, 3, () => random.pick(words)).join('/')),
  ]) {
    const suffix = random.pick(['', '.html', '.html', '/index.html', '/404.html'])
    const file = (path + suffix).replaceAll('//', '/')
    const clean = /^[\w./-]+$/.test(file) && !file.startsWith('/') && !file.endsWith('/')
    if (clean) all.add(file)
  }
  // A file cannot be a directory, too.
  return [...all].filter((path) => ![...all].some((other) => other.startsWith(path + '/')))
}

/** A path that a pattern takes, or nearly. `fill` replaces what a pattern leaves open. */
export function near(random, path) {
  let near = compact(path)
  if (random.chance(12)) near += '/'
  if (random.chance(6)) near = near.replace(/\/[^/]*$/, '') || '/'
  if (random.chance(6)) near += '/' + word(random)
  if (random.chance(3)) near = near.toUpperCase()
  if (random.chance(3)) near += '.html'
  if (random.chance(2)) near = near.replace('/', '//')
  return near.startsWith('/') ? near : '/' + near
}

export function query(random) {
  if (random.chance(70)) return ''
  const pairs = random.several(1, 3, () => {
    const name = random.pick(['id', 'tag', 'q', 'ID'])
    return random.chance(8)
      ? name
      : `${name}=${random.pick(['1', '2', 'x', '', 'a%20b', 'a/b', '%2Fetc', 'a+b'])}`
  })
  return '?' + pairs.join('&')
}
