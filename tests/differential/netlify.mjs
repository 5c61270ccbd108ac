/** `_redirects` and `_headers` in Netlify's words, beside @netlify's parsers and netlify-redirector. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { parseAllHeaders } from '@netlify/headers-parser'
import { parseAllRedirects } from '@netlify/redirect-parser'
import redirector from 'netlify-redirector'

import { decidedBy, decoded, leadsBack } from './compare.mjs'
import { address, compact, names, near, origin, paths, query, word } from './words.mjs'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'berth-differential-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))

// --- rules and requests

function from(random) {
  const segments = random.several(0, 3, () =>
    random.chance(30) ? ':' + random.pick(names) : word(random),
  )
  if (random.chance(35)) segments.push('*')
  else if (random.chance(4)) segments.push(random.pick(['foo*', 'a*']))
  if (random.chance(3)) segments.splice(random.below(segments.length + 1), 0, '*')
  const host = random.chance(4)
    ? random.pick([origin, 'https://shop.example', 'http://old.example'])
    : ''
  return host + '/' + segments.join('/') + (random.chance(8) && segments.length ? '/' : '')
}

/** A target that asks for what `line` captures, and now and then for more. */
function to(random, captures) {
  const capture = () => ':' + random.pick(captures)
  const one = () => (captures.length && random.chance(45) ? capture() : word(random))
  let target = '/' + random.several(random.chance(90) ? 1 : 0, 3, one).join('/')
  if (random.chance(12))
    target = random.pick(['https://h.example', 'http://h.example:8080']) + target
  if (random.chance(12)) target += `?q=${one()}`
  if (random.chance(5)) target += '#part'
  return target
}

function line(random) {
  if (random.chance(4))
    return random.pick([
      '# comment',
      '',
      '/only',
      'nothing /b',
      '/a  b',
      '/a /b abc',
      '/.netlify/x /y',
      '/a/* 200',
      '/a/* 301',
      '/a ftp://h/',
    ])
  const source = from(random)
  const pairs = random.chance(12)
    ? random.several(
        1,
        2,
        () => `${random.pick(['id', 'tag', 'q'])}=${random.pick([':id', ':tag', ':q', '1', 'x'])}`,
      )
    : []
  const captures = [...source.matchAll(/:([a-z]\w*)/g)].map((found) => found[1])
  if (source.includes('*')) captures.push('splat')
  captures.push(...pairs.filter((pair) => pair.includes('=:')).map((pair) => pair.split('=:')[1]))
  const status = random.pick([
    '',
    '',
    '301',
    '302',
    '200',
    '200',
    '404',
    '410',
    '307',
    '308',
    '301!',
    '302!',
    '200!',
    '404!',
  ])
  const conditions =
    status && random.chance(10)
      ? [
          random.pick([
            'Country=de,us',
            'country=DE',
            'Language=en',
            'Language=fr,de',
            'Cookie=beta,alpha',
          ]),
        ]
      : []
  return [source, ...pairs, to(random, captures), status, ...conditions]
    .filter(Boolean)
    .join(random.chance(5) ? '\t ' : ' ')
}

function headers(random) {
  const block = () => {
    const segments = random.several(0, 3, () =>
      random.pick([word(random), word(random), ':x', '*', 'a*', '*.css', 'p*l']),
    )
    const values = random.several(
      1,
      2,
      () => `  X-${random.pick(['A', 'B', 'C'])}: ${random.pick(['1', '2', 'a, b', 'a ,b'])}`,
    )
    return ['/' + segments.join('/'), ...values].join('\n')
  }
  return random.several(1, 4, block).join('\n')
}

/** What a source takes, filled in. */
function taken(random, source) {
  return source
    .replace(/^https?:\/\/[^/]*/, '')
    .replaceAll('*', () => random.several(0, 3, () => word(random)).join('/'))
    .replaceAll(/:[a-z]\w*/g, () => word(random))
}

export function generate(random) {
  const lines = random.several(1, 8, () => line(random))
  const sources = lines
    .map((text) => text.trim().split(/\s/)[0])
    .filter((text) => text.includes('/'))
  const url = () => {
    const path =
      sources.length && random.chance(80)
        ? taken(random, random.pick(sources))
        : '/' + random.several(0, 3, () => word(random)).join('/')
    const host = random.chance(4) ? random.pick(['http://old.example', 'https://shop.example']) : ''
    return host + near(random, path) + query(random)
  }
  const ask = () => ({
    url: url(),
    headers: {
      ...(random.chance(15)
        ? { 'accept-language': random.pick(['en', 'en-US', 'fr', 'de-CH', 'it']) }
        : {}),
      ...(random.chance(10) ? { cookie: random.pick(['beta=1', 'alpha=', 'x=1; alpha=2']) } : {}),
    },
    country: random.pick(['', '', 'DE', 'US', 'FR']),
  })
  const files = { 'netlify.toml': '', _redirects: lines.join('\n') }
  if (random.chance(40)) files._headers = headers(random)
  const own = sources
    .filter((source) => source.startsWith('/'))
    .map((source) => taken(random, source).slice(1))
  const targets = lines
    .flatMap((text) => text.split(/\s+/).slice(1))
    .filter((text) => /^\/[\w/.]+$/.test(text))
  const there = [
    random.pick(['a', ...own]),
    random.pick(['b', ...targets.map((text) => text.slice(1))]),
  ]
  return { files, paths: paths(random, there), spa: false, asks: random.several(12, 12, ask) }
}

// --- what the peer says

async function rulesOf(files) {
  const file = path.join(folder, '_redirects')
  fs.writeFileSync(file, files._redirects)
  const { redirects } = await parseAllRedirects({
    redirectsFiles: [file],
    configRedirects: [],
    minimal: false,
  })
  // As @netlify/redirects hands them on.
  return redirects.map(({ conditions, from, query, signed, ...redirect }) => ({
    ...redirect,
    origin: from,
    params: query,
    conditions,
    ...(signed && { sign: { jwt_secret: signed } }),
  }))
}

async function headerRulesOf(files) {
  if (!files._headers) return []
  const file = path.join(folder, '_headers')
  fs.writeFileSync(file, files._headers)
  return (await parseAllHeaders({ headersFiles: [file], configHeaders: [], minimal: false }))
    .headers
}

function lookUp(there, path) {
  const key = path.slice(1)
  if (key === '') return there.has('index.html') ? 'index.html' : undefined
  if (!key.endsWith('/') && there.has(key)) return key
  const bare = key.replace(/\/$/, '')
  return ['.html', '.htm', '/index.html', '/index.htm']
    .map((suffix) => bare + suffix)
    .find((name) => there.has(name))
}

function cookiesOf(field = '') {
  return Object.fromEntries(
    field
      .split('; ')
      .filter(Boolean)
      .map((pair) => pair.split('=')),
  )
}

function question(url, ask) {
  const fields = { 'x-country': ask.country, 'x-language': ask.headers['accept-language'] ?? '' }
  const cookies = cookiesOf(ask.headers.cookie)
  return {
    scheme: url.protocol.slice(0, -1),
    host: url.hostname,
    path: decodeURIComponent(url.pathname),
    query: url.search.slice(1),
    headers: fields,
    cookieValues: cookies,
    getHeader: (name) => fields[name.toLowerCase()] ?? '',
    getCookie: (name) => cookies[name] ?? '',
  }
}

function missing(there, status) {
  return `${status} ${there.has('404.html') ? '404.html' : 'none'}`
}

/** The answer to a match, as the peer's command line gives it. */
function decide(match, url, there, path) {
  const file = lookUp(there, path)
  if (!match || (file && !match.force)) return file ? `200 ${file}` : missing(there, 404)
  // A query that the target has is kept alone; the fragment stays.
  const [, base, own, fragment] = match.to.match(/^([^?#]*)(\?[^#]*)?(#.*)?$/s)
  const target = base + (own || url.search) + (fragment ?? '')
  if (match.status >= 300 && match.status < 400) return `${match.status} ${target}`
  if (/^https?:\/\//.test(base)) return `proxy ${target}`
  const name = compact(decoded(base))
  const found = there.has(name.slice(1)) ? name.slice(1) : lookUp(there, name)
  return found
    ? `${match.status} ${found}`
    : missing(there, match.status === 200 ? 404 : match.status)
}

function fieldsOf(rules, path, decision) {
  if (
    !/^\d+ (?!https?:)[^/]*/.test(decision) ||
    /^\d+ \//.test(decision) ||
    /^\d+ https?:/.test(decision)
  )
    return []
  const fields = new Map()
  for (const { forRegExp, values } of rules) {
    if (!forRegExp.test(path)) continue
    for (const [name, value] of Object.entries(values)) fields.set(name.toLowerCase(), value)
  }
  return [...fields].map(([name, value]) => `${name}: ${value}`)
}

export async function answers(site) {
  const rules = await rulesOf(site.files)
  const headerRules = await headerRulesOf(site.files)
  const matcher = rules.length
    ? await redirector.parseJSON(JSON.stringify(rules), { jwtSecret: '', jwtRoleClaim: '' })
    : undefined
  const there = new Set(site.paths)
  const told = site.asks.map((ask) => {
    const url = address(ask.url)
    const asked = question(url, ask)
    const path = compact(asked.path)
    const match = matcher?.match(asked) ?? undefined
    const decision = decide(match, url, there, path)
    return { decision, fields: fieldsOf(headerRules, path, decision), match, rules, headerRules }
  })
  matcher?.delete()
  return told
}

// --- what differs on purpose

/** Whether a line like "/:a/* /:a/:splat 302" stands above what decided: it leads to itself. */
function refusedAbove(site, ours) {
  const lines = site.files._redirects.split('\n').slice(0, (ours.line || Infinity) - 1)
  return lines.some((text) => {
    const [from = '', to = ''] = text.trim().split(/\s+/)
    return from.startsWith('/') && from.replace(/\*$/, ':splat').replace(/\/$/, '') === to
  })
}

export const excuses = {
  'the address leads to itself: our rule does not apply': (ask, ours, theirs) =>
    leadsBack(ask, theirs.decision),
  'a placeholder of ours is a whole word, theirs a beginning': (ask, ours, theirs) =>
    theirs.rules.some((rule) => /:(id|a1|n)(?=\w)|:(id)x/.test(rule.to)),
  'what nothing was captured for makes no host here': (ask, ours, theirs) =>
    /^3\d\d \/\//.test(theirs.decision),
  'a source is compared decoded here': (ask, ours, theirs, site) =>
    decidedBy(site, ours)[0]?.includes('%') ||
    (ours.decision === theirs.decision && /^\S*%/m.test(site.files._headers ?? '')),
  'theirs takes what begins with a target for a loop, and asks no later line': (
    ask,
    ours,
    theirs,
    site,
  ) => {
    const path = compact(decoded(address(ask.url).pathname))
    const lines = site.files._redirects.split('\n').slice(0, ours.line || undefined)
    return lines
      .map((line) => line.trim().split(/\s+/))
      .some(([from, ...words]) => {
        const target = words.find((word) => word.startsWith('/'))
        const source = from.replace(/^https?:\/\/[^/]*/, '').replace(/\/$/, '')
        if (!source.includes('*') || target === undefined) return false
        return (
          path.startsWith(source.replace(/\/?[:*].*/, '')) &&
          path.startsWith(target.replace(/\/:splat.*/, ''))
        )
      })
  },
  'theirs takes nothing for "/*/"': (ask, ours, theirs, site) => decidedBy(site, ours)[0] === '/*/',
  'of a line that is there twice the first counts here': (ask, ours, theirs, site) => {
    const lines = site.files._redirects
      .split('\n')
      .map((line) => line.trim().replaceAll(/\s+/g, ' '))
    return lines.some((line, at) => line && lines.indexOf(line) !== at)
  },
  'a line that leads to itself is refused here': (ask, ours, theirs, site) =>
    theirs.rules.some((rule) => rule.origin === theirs.match?.from && rule.to === rule.path) ||
    refusedAbove(site, ours),
  'a parameter without "=" is there, and empty': (ask, ours, theirs, site) =>
    /\s\w+=\S/.test(site.files._redirects) && /[?&]\w+(&|$)/.test(ask.url),
  'of two parameters for one word the last is taken': (ask, ours, theirs, site) => {
    const words = decidedBy(site, ours).flatMap((word) => word.match(/=(:\w+)/)?.[1] ?? [])
    return new Set(words).size < words.length
  },
  'what a query gave is encoded for its place, and is no path with a slash': (ask, ours, theirs) =>
    /%2F|\+/i.test(theirs.match?.to),
  'theirs takes /blog for /b/* in _headers': (ask, ours, theirs) =>
    ours.decision === theirs.decision &&
    ours.fields.length < theirs.fields.length &&
    theirs.headerRules.some((rule) => /\w\/\*/.test(rule.for)),
  'of two "*" the first captures': (ask, ours, theirs, site) =>
    [decidedBy(site, ours)[0], theirs.match?.from].some((source) => /\*.*\*/.test(source)),
  'slashes beside each other are one here': (ask) =>
    /[^:]\/\//.test(ask.url) || ask.url.startsWith('//'),
}
