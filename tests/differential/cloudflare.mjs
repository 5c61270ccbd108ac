/** `_redirects` and `_headers` in Cloudflare's words, beside the parsers and the asset server of Pages. */
import './typescript.mjs'

import { createMetadataObject } from 'pages-server/dist/metadata-generator/createMetadataObject.js'
import { generateHandler } from 'pages-server/dist/asset-server/handler.js'

import { decidedBy, leadsBack, locations } from './compare.mjs'
import { address, compact, names, near, paths, query, word } from './words.mjs'

const { parseRedirects } = await import('pages-parser/metadata-generator/parseRedirects.ts')
const { parseHeaders } = await import('pages-parser/metadata-generator/parseHeaders.ts')

// --- rules and requests

function segment(random) {
  const kind = random.below(100)
  if (kind < 20) return ':' + random.pick(names)
  if (kind < 26)
    return `${random.pick(['p-', 'x', ''])}:${random.pick(names)}${random.pick(['-y', '.html', '-:n'])}`
  return word(random)
}

function from(random) {
  const segments = random.several(0, 3, () => segment(random))
  if (random.chance(30)) segments.push(random.pick(['*', '*', '*', 'x*', '*y']))
  else if (random.chance(4)) segments.splice(random.below(segments.length + 1), 0, '*')
  const source = '/' + segments.join('/') + (random.chance(10) && segments.length ? '/' : '')
  return random.chance(4) ? source.slice(1) || '/' : source
}

function to(random, captures) {
  const one = () =>
    captures.length && random.chance(45) ? ':' + random.pick(captures) : word(random)
  let target = '/' + random.several(0, 3, one).join('/')
  if (random.chance(10))
    target = random.pick(['https://h.example', 'https://h.example:8443']) + target
  if (random.chance(5)) target = target.replace(/\/$/, '') + '/index.html'
  if (random.chance(12)) target += `?q=${one()}`
  if (random.chance(5)) target += '#part'
  return target
}

function capturesOf(source) {
  const captures = [...source.matchAll(/:([A-Za-z]\w*)/g)].map((found) => found[1])
  return source.includes('*') ? [...captures, 'splat'] : captures
}

function line(random) {
  if (random.chance(4))
    return random.pick([
      '# comment',
      '',
      '/only',
      '/a /b 404',
      '/a /b 301 x',
      'https://h.example/ /b',
      '/x http://h.example',
      '/* /index.html 200',
      '/a /b # no',
      '/d/*/* /b',
      '/a//b /c',
    ])
  const source = from(random)
  const status = random.pick(['', '', '', '301', '302', '303', '307', '308', '200', '200'])
  return [source, to(random, capturesOf(source)), status]
    .filter(Boolean)
    .join(random.chance(5) ? '\t ' : ' ')
}

function headers(random) {
  const block = () => {
    const source = compact(
      '/' +
        random.several(0, 3, () => segment(random)).join('/') +
        random.pick(['', '', '/*', '*']),
    )
    const captures = capturesOf(source)
    const path =
      (random.chance(8)
        ? random.pick(['https://shop.example', 'https://:sub.example', 'https://other.example'])
        : '') + source
    const values = random.several(1, 2, () => {
      const value =
        captures.length && random.chance(30)
          ? `got :${random.pick(captures)}`
          : random.pick(['1', '2', 'a, b'])
      return random.chance(15)
        ? `  ! X-${random.pick(['A', 'B', 'C'])}`
        : `  X-${random.pick(['A', 'B', 'C'])}: ${value}`
    })
    return [path, ...values].join('\n')
  }
  return random.several(1, 4, block).join('\n')
}

function taken(random, source) {
  return source
    .replaceAll('*', () => random.several(0, 3, () => word(random)).join('/'))
    .replaceAll(/:[A-Za-z]\w*/g, () => word(random))
}

export function generate(random) {
  const lines = random.several(1, 8, () => line(random))
  const sources = lines
    .map((text) => text.trim().split(/\s/)[0])
    .filter((text) => text.startsWith('/'))
  const ask = () => {
    const path =
      sources.length && random.chance(80)
        ? taken(random, random.pick(sources))
        : '/' + random.several(0, 3, () => word(random)).join('/')
    return { url: near(random, path) + query(random), headers: {}, country: '' }
  }
  const files = { 'wrangler.toml': '', _redirects: lines.join('\n') }
  if (random.chance(40)) files._headers = headers(random)
  const targets = lines
    .map((text) => text.trim().split(/\s+/)[1] ?? '')
    .filter((text) => /^\/[\w/.]+$/.test(text))
  const there = [
    random.pick(['a', ...sources.map((source) => taken(random, source).slice(1))]),
    random.pick(['b', ...targets.map((text) => text.slice(1))]),
  ]
  return { files, paths: paths(random, there), spa: true, asks: random.several(12, 12, ask) }
}

// --- what the peer says

function metadataOf(files) {
  return createMetadataObject({
    redirects: parseRedirects(files._redirects),
    headers: files._headers === undefined ? undefined : parseHeaders(files._headers),
    logger: { debug() {}, log() {}, info() {}, warn() {}, error() {} },
  })
}

function respond(ask, metadata, there) {
  return generateHandler({
    request: new Request(address(ask.url), { headers: { ...ask.headers, accept: 'text/html' } }),
    metadata,
    findAssetEntryForPath: async (path) => (there.has(path.slice(1)) ? path.slice(1) : null),
    getAssetKey: (entry) => entry,
    negotiateContent: () => ({ encoding: null }),
    fetchAsset: async (key) => ({ body: key, contentType: 'text/html' }),
    logError: (wrong) => {
      throw wrong
    },
  })
}

export async function answers(site) {
  const metadata = metadataOf(site.files)
  const there = new Set(site.paths)
  return Promise.all(
    site.asks.map(async (ask) => {
      const response = await respond(ask, metadata, there).catch((wrong) => wrong)
      // It makes "//" of what nothing was captured for, and then no address of that.
      if (response instanceof TypeError) return { decision: 'broken', fields: [] }
      const to = response.headers.get('location')
      const decision = `${response.status} ${to ?? ((await response.text()) || 'none')}`
      const fields = [...response.headers]
        .filter(([name]) => /^x-[abc]$/.test(name))
        .map(([name, value]) => `${name}: ${value}`)
      return { decision, fields }
    }),
  )
}

/** Whether the line's "*" took nothing, and its target has slashes on both sides of it. */
function nothingCaptured(ask, [from = '', to = '']) {
  if (!from.includes('*') || !/\/:splat\//.test(to)) return false
  const [, after] = from.split('*')
  const path = address(ask.url).pathname
  return path.endsWith('/' + after) || path.endsWith('/')
}

export const excuses = {
  'the address leads to itself: our rule does not apply': (ask, ours, theirs) =>
    leadsBack(ask, theirs.decision),
  'an application answers paths without an extension alone': (ask, ours, theirs, site) => {
    if (theirs.decision !== '200 index.html' || ours.decision !== '404 none') return false
    const rewritten = decidedBy(site, ours)[2] === '200' && decidedBy(site, ours)[1]
    return /(\.|%2E)[^/]*$/.test(address(ask.url).pathname) || /[.:]|%2E/.test(rewritten)
  },
  'what nothing was captured for makes no host here': (ask, ours, theirs, site) =>
    theirs.decision === 'broken' ||
    /^3\d\d https?:\/\/(?!h\.example)/.test(theirs.decision) ||
    decidedBy(site, ours)[1]?.startsWith('/:splat') ||
    (decidedBy(site, ours)[1]?.includes('/:splat/') && address(ask.url).pathname.endsWith('/')),
  'a rewrite to the file of a page serves it here': (ask, ours, theirs, site) =>
    decidedBy(site, ours)[2] === '200' &&
    /^200 .*\.html$/.test(ours.decision) &&
    /^308 /.test(theirs.decision),
  'a word that begins with # ends the line': (ask, ours, theirs, site) =>
    decidedBy(site, ours).includes('#'),
  'a path that is twice in _headers counts twice': (ask, ours, theirs, site) => {
    const sources = (site.files._headers ?? '').split('\n').filter((line) => /^\S/.test(line))
    return (
      new Set(sources).size < sources.length &&
      locations(theirs.decision) === locations(ours.decision)
    )
  },
  'a placeholder of ours is a whole word, theirs a beginning': (ask, ours, theirs, site) => {
    // A part of a path and its longer namesake capture other words there; in _headers the source
    // does not even match.
    const sources = (site.files._headers ?? '').split('\n').filter((text) => /^\S/.test(text))
    return [decidedBy(site, ours)[0] ?? '', ...sources].some((source) => {
      const captures = capturesOf(source)
      return captures.some((name) =>
        captures.some((other) => other !== name && other.startsWith(name)),
      )
    })
  },
  'a line that is wrong does not take its source from a later one': (ask, ours, theirs, site) => {
    const sources = site.files._redirects
      .split('\n')
      .slice(0, ours.line - 1)
      .map((line) => line.trim().split(/\s+/)[0])
    return ours.line > 0 && sources.includes(decidedBy(site, ours)[0])
  },
  'a plus of a path is no space in a query here': (ask, ours, theirs) =>
    /\+/.test(address(ask.url).pathname) && /\?.*\+/.test(theirs.decision),
  'an address is compared decoded here': (ask, ours, theirs, site) =>
    [ask.url, ...Object.values(site.files)].some((text) => /%(2[DE]|[3-7]\w)/i.test(text)),
  'slashes beside each other are one here': (ask, ours, theirs, site) =>
    decidedBy(site, ours)[0]?.includes('//') ||
    nothingCaptured(ask, decidedBy(site, ours)) ||
    /[^:]\/\//.test(ask.url) ||
    ask.url.startsWith('//'),
}
