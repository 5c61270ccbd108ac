/** `vercel.json` beside @vercel/routing-utils, whose routes are walked as Vercel documents it. */
import { createRequire } from 'node:module'

import { decoded, leadsBack, locations } from './compare.mjs'
import { address, compact, names, near, paths, query, word } from './words.mjs'

const { getTransformedRoutes } = createRequire(import.meta.url)('@vercel/routing-utils')

// --- rules and requests

function segment(random) {
  const kind = random.below(100)
  const name = random.pick(names)
  if (kind < 18) return ':' + name
  if (kind < 23) return `:${name}(\\d+)`
  if (kind < 27) return `:${name}([a-c]+)`
  if (kind < 30) return `:${name}?`
  if (kind < 33) return `${random.pick(['p-', 'v'])}:${name}`
  if (kind < 35) return '(a|b)'
  if (kind < 37) return '([^/]*)'
  return random.pick(['a', 'b', 'c', 'blog', 'docs', 'x.css', 'p.html', 'index', 'b%20c', 'a-b'])
}

/** A source without two captures of one name, which the peer refuses in its own way. */
function source(random) {
  for (;;) {
    // ends: half of all have no captures at all
    const segments = random.several(0, 3, () => segment(random))
    const ends = ['', '', '', '/:path*', '/:path+', '/(.*)', '/:rest(.*)']
    // RE2 knows no look-ahead: ours is understood directly behind fixed text (docs/rules.md).
    if (segments.every((segment) => !/[:(]/.test(segment)))
      ends.push('/((?!a|api).*)', '/((?!a|api).*)')
    const text = ('/' + segments.join('/') + random.pick(ends)).replace(/^\/\//, '/')
    const found = capturesOf(text)
    if (new Set(found).size === found.length) return text
  }
}

function capturesOf(text) {
  return [...text.matchAll(/:([A-Za-z]\w*)/g)].map((found) => found[1])
}

function destination(random, captures, elsewhere) {
  const one = () => {
    if (!captures.length || !random.chance(45))
      return random.pick(['a', 'b', 'c', 'blog', 'p.html', 'index.html'])
    const name = random.pick(captures)
    return ':' + name + (['path', 'rest'].includes(name) && random.chance(70) ? '*' : '')
  }
  let target = '/' + random.several(0, 3, one).join('/')
  if (random.chance(elsewhere)) target = 'https://h.example' + target
  if (random.chance(12))
    target += `?q=${captures.length && random.chance(60) ? ':' + random.pick(captures) : 'x'}`
  return target
}

function condition(random) {
  return random.pick([
    { type: 'query', key: 'id' },
    { type: 'query', key: 'id', value: '1' },
    { type: 'query', key: 'tag', value: '(?<tag>.*)' },
    { type: 'header', key: 'X-Beta', value: 'on' },
    { type: 'cookie', key: 'beta' },
    { type: 'host', value: 'shop.example' },
    { type: 'header', key: 'x-beta', value: { pre: 'o' } },
  ])
}

function conditions(random) {
  return {
    ...(random.chance(12) ? { has: random.several(1, 2, () => condition(random)) } : {}),
    ...(random.chance(6) ? { missing: [condition(random)] } : {}),
  }
}

function redirect(random) {
  const from = source(random)
  const status = random.pick([
    {},
    {},
    { permanent: true },
    { permanent: false },
    { statusCode: 301 },
    { statusCode: 302 },
  ])
  return {
    source: from,
    destination: destination(random, capturesOf(from), 20),
    ...status,
    ...conditions(random),
  }
}

function rewrite(random) {
  const from = source(random)
  return {
    source: from,
    destination: destination(random, capturesOf(from), 15),
    ...conditions(random),
  }
}

function header(random) {
  const from = source(random)
  const captures = capturesOf(from)
  const one = () => ({
    key: `X-${random.pick(['A', 'B', 'C'])}`,
    value:
      captures.length && random.chance(30)
        ? `got :${random.pick(captures)}`
        : random.pick(['1', '2', 'a, b']),
  })
  return { source: from, headers: random.several(1, 2, one), ...conditions(random) }
}

/** What a source takes, filled in. */
function taken(random, text) {
  const some = () =>
    random.several(1, 2, () => random.pick(['a', 'b', 'c', '7', '12', 'x'])).join('/')
  return text
    .replaceAll(/\/:\w+[*]|\/\(\(\?!a\|api\)\.\*\)|\/\(\.\*\)/g, () =>
      random.chance(25) ? '' : '/' + some(),
    )
    .replaceAll(/:\w+\(\\d\+\)/g, () => random.pick(['7', '12', 'x']))
    .replaceAll(/:\w+\(\[a-c\]\+\)/g, () => random.pick(['a', 'abc', 'x']))
    .replaceAll(/\/:\w+\?/g, () => (random.chance(40) ? '' : '/' + word(random)))
    .replaceAll(/:\w+\(\.\*\)|:\w+\+/g, some)
    .replaceAll(/\(a\|b\)|\(\[\^\/\]\*\)/g, () => random.pick(['a', 'b', 'c']))
    .replaceAll(/:\w+/g, () => word(random))
}

export function generate(random) {
  const config = {}
  if (random.chance(20)) config.cleanUrls = random.chance(80)
  if (random.chance(20)) config.trailingSlash = random.chance(50)
  config.redirects = random.several(0, 4, () => redirect(random))
  config.headers = random.several(0, 3, () => header(random))
  config.rewrites = random.several(0, 4, () => rewrite(random))
  const rules = [...config.redirects, ...config.headers, ...config.rewrites]
  const url = () => {
    const path =
      rules.length && random.chance(85)
        ? taken(random, random.pick(rules).source)
        : '/' + random.several(0, 3, () => word(random)).join('/')
    return near(random, path) + query(random)
  }
  const ask = () => ({
    url: url(),
    headers: {
      ...(random.chance(15) ? { 'x-beta': random.pick(['on', 'off', '']) } : {}),
      ...(random.chance(10) ? { cookie: random.pick(['beta=1', 'beta=', 'x=1; beta=2']) } : {}),
    },
    country: '',
  })
  const targets = config.rewrites
    .map((rule) => rule.destination.replace(/\?.*/, ''))
    .filter((text) => /^\/[\w/.]+$/.test(text))
  const there = [
    random.pick(['a', ...rules.map((rule) => taken(random, rule.source).slice(1))]),
    ...targets.map((text) => text.slice(1)),
  ]
  return {
    files: { 'vercel.json': JSON.stringify(config) },
    paths: paths(random, there),
    spa: false,
    asks: random.several(12, 12, ask),
  }
}

// --- what the peer says

function valueOf(condition, url, ask) {
  if (condition.type === 'host') return url.hostname
  if (condition.type === 'query') return url.searchParams.getAll(condition.key).at(-1)
  if (condition.type === 'header') return ask.headers[condition.key.toLowerCase()]
  const pairs = (ask.headers.cookie ?? '').split('; ').map((pair) => pair.split('='))
  return pairs.find(([name]) => name === condition.key)?.[1]
}

/** Whether it holds; what it captures goes into `groups`. */
function holds(condition, url, ask, groups) {
  const value = valueOf(condition, url, ask)
  if (condition.value === undefined) {
    if (value) groups[condition.key] = value
    return Boolean(value)
  }
  if (value === undefined) return false
  if (typeof condition.value === 'object') return value.startsWith(condition.value.pre)
  const found = value.match(new RegExp(`^${condition.value}$`))
  if (!found) return false
  if (found.groups) Object.assign(groups, found.groups)
  if (condition.type === 'host') groups.host = value
  return true
}

/** The route's captures, by number and name; nothing: it does not match. */
function capture(route, path, url, ask) {
  const found = path.match(new RegExp(route.src))
  if (!found) return undefined
  const groups = {}
  if (!(route.has ?? []).every((condition) => holds(condition, url, ask, groups))) return undefined
  if ((route.missing ?? []).some((condition) => holds(condition, url, ask, {}))) return undefined
  return { ...found, ...groups }
}

function fill(text, captures) {
  return text.replaceAll(/\$(\d+|[A-Za-z]\w*)/g, (whole, name) => captures[name] ?? '')
}

function lookUp(there, path, cleanUrls) {
  const key = path.replace(/^\//, '').replace(/\/$/, '')
  const candidates =
    key === '' ? ['index.html'] : [key, ...(cleanUrls ? [key + '.html'] : []), key + '/index.html']
  return candidates.find((name) => there.has(name))
}

/** A redirect keeps the request's query where it has none of its own. */
function redirected(route, captures, url) {
  const to = fill(route.headers.Location, captures)
  const [, base, own, fragment] = to.match(/^([^?#]*)(\?[^#]*)?(#.*)?$/s)
  return `${route.status} ${base}${own || url.search}${fragment ?? ''}`
}

/** The target's own query, then what the request has and the target has not. */
function proxied(to, url) {
  const [, base, own] = to.match(/^([^?]*)\??(.*)$/s)
  const name = (pair) => pair.replace(/=.*/, '')
  const mine = own.split('&').filter(Boolean)
  const others = url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair && !mine.some((one) => name(one) === name(pair)))
  const query = [...mine, ...others].join('&')
  return `proxy ${base}${query && '?' + query}`
}

function decide(routes, config, ask, there) {
  const url = address(ask.url)
  const path = url.pathname
  const fields = new Map()
  const done = (decision) => ({
    decision,
    fields: /^3\d\d /.test(decision) ? [] : [...fields].map(([name, value]) => `${name}: ${value}`),
  })
  for (const route of routes) {
    if (route.handle === 'filesystem') {
      const file = lookUp(there, decodeURIComponent(path), config.cleanUrls)
      if (file) return done(`200 ${file}`)
      continue
    }
    const captures = capture(route, path, url, ask)
    if (!captures) continue
    if (route.continue) {
      for (const [name, value] of Object.entries(route.headers))
        fields.set(fill(name, captures).toLowerCase(), fill(value, captures))
    } else if (route.headers?.Location) {
      return done(redirected(route, captures, url))
    } else if (route.dest) {
      const to = fill(route.dest, captures)
      if (/^https?:/.test(to)) return done(proxied(to, url))
      const file = lookUp(
        there,
        decodeURIComponent(address(compact(to)).pathname),
        config.cleanUrls,
      )
      if (file) return done(`200 ${file}`)
    }
  }
  return done(`404 ${there.has('404.html') ? '404.html' : 'none'}`)
}

export async function answers(site) {
  const config = JSON.parse(site.files['vercel.json'])
  const { routes, error } = getTransformedRoutes(structuredClone(config))
  const there = new Set(site.paths)
  if (error) return site.asks.map(() => ({ decision: `error ${error.message}`, fields: [], error }))
  const answer = (ask) => decide(routes ?? [{ handle: 'filesystem' }], config, ask, there)
  return site.asks.map((ask) => ({ ...answer(ask), next: (url) => answer({ ...ask, url }) }))
}

/** Where a redirect comes to when it is followed. */
function end(decision, theirs) {
  let last = decision
  for (let times = 0; times < 5 && /^308 \//.test(last); ++times)
    last = theirs.next(last.slice(4)).decision
  return locations(last)
}

export const excuses = {
  'the peer refuses the whole file, we the rule': (ask, ours, theirs) => Boolean(theirs.error),
  'the address leads to itself: our rule does not apply': (ask, ours, theirs) =>
    leadsBack(ask, theirs.decision),
  'what nothing was captured for makes no host here': (ask, ours, theirs) =>
    /^3\d\d \/\//.test(theirs.decision),
  'one redirect here where theirs are two': (ask, ours, theirs) =>
    /^308 \//.test(theirs.decision) && end(ours.decision, theirs) === end(theirs.decision, theirs),
  'an encoded dot is a dot here': (ask) => /%2E/i.test(ask.url),
  'a plus of a path is no space in a query here': (ask, ours, theirs) =>
    /\+/.test(address(ask.url).pathname) && /\?.*\+/.test(theirs.decision),
  'what a query gave is encoded for its place, and is no path with a slash': (ask, ours, theirs) =>
    /%2F/i.test(address(ask.url).search) && decoded(decoded(ours.decision)) === decoded(theirs.decision),
  'slashes beside each other are one here': (ask) =>
    /[^:]\/\//.test(ask.url) || ask.url.startsWith('//'),
}
