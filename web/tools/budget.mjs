// The budgets of the dashboard, over the chunks that the last build noted. Fails above.
//   entry            what every page needs, as brotli (what the server sends) and as gzip
//   a lazy page      what it adds to entry and shell, gzip; so the log's own code, which nothing else shares
//   first load of /  page, styles and code as brotli; requests with the font and the calls of the API.
//                    The font (29.4 kB) would take it 1.3 kB above 140 kB: not counted yet.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const dist = 'dist'
const chunks = JSON.parse(readFileSync('node_modules/.cache/berth/chunks.json', 'utf8'))
const byFile = new Map(chunks.map((chunk) => [chunk.file, chunk]))
const read = (file) => readFileSync(join(dist, file))
const gz = (file) => gzipSync(read(file), { level: 9 }).length
// A font is compressed already: the server sends it as it is.
const br = (file) =>
  file.endsWith('.woff2') ? read(file).length : brotliCompressSync(read(file)).length
const total = (files, size) => [...files].reduce((sum, file) => sum + size(file), 0)

const closure = (file, seen = new Set()) => {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const next of byFile.get(file)?.imports ?? []) closure(next, seen)
  return seen
}
const holding = (name) => {
  const found = chunks.find((chunk) => chunk.modules.some((id) => id.endsWith(name)))
  if (!found) throw new Error(`no chunk has ${name}`)
  return found
}

const entry = chunks.find((chunk) => chunk.entry && chunk.file.endsWith('.js'))
const entryFiles = closure(entry.file)
const rows = [
  ['entry (br)', total(entryFiles, br), 100_000],
  ['entry (gz)', total(entryFiles, gz), 115_000],
]

const shell = holding('/parts/Shell.tsx')
const log = holding('/log/open.ts')
const shared = new Set([...entryFiles, ...closure(shell.file)])
rows.push([
  'shell',
  total(
    [...closure(shell.file)].filter((file) => !entryFiles.has(file)),
    gz,
  ),
  25_000,
])
for (const chunk of chunks.filter((each) => each.lazy && each !== shell)) {
  const own = [...closure(chunk.file)].filter((file) => !shared.has(file))
  rows.push([
    chunk === log ? 'the log' : chunk.name,
    total(own, gz),
    chunk === log ? 8_000 : 25_000,
  ])
}
const page = new Set([...closure(holding('/pages/DeploymentPage.tsx').file), ...closure(log.file)])
rows.push([
  'deployment with its log',
  total(
    [...page].filter((file) => !shared.has(file)),
    gz,
  ),
  25_000,
])

const styles = chunks.filter((chunk) => chunk.file.endsWith('.css')).map((chunk) => chunk.file)
rows.push(['styles', total(styles, gz), 12_000])

const first = new Set([
  'index.html',
  'theme.js',
  'favicon.svg',
  ...entry.styles,
  ...chunks.filter((chunk) => chunk.file.endsWith('.woff2')).map((chunk) => chunk.file),
  ...shared,
  ...closure(holding('/pages/ProjectsPage.tsx').file),
])
const calls = 4 // session, projects, health, events
const fonts = [...first].filter((file) => file.endsWith('.woff2'))
rows.push(['first load of / (br)', total(first, br) - total(fonts, br), 140_000])
rows.push(['requests of it', first.size + calls, 16, 1])

const walk = (folder) =>
  readdirSync(join(dist, folder)).flatMap((name) => {
    const path = join(folder, name)
    return statSync(join(dist, path)).isDirectory() ? walk(path) : [path]
  })
rows.push(['everything (br)', total(walk(''), br), 400_000])

let over = 0
for (const [name, size, limit, unit = 1000] of rows) {
  const bad = size > limit
  over += bad ? 1 : 0
  const shown = (size / unit).toFixed(unit === 1 ? 0 : 1).padStart(7)
  console.log(
    `${bad ? 'OVER' : '  ok'}  ${name.padEnd(24)} ${shown} of ${limit / unit}${unit === 1 ? '' : ' kB'}`,
  )
}
process.exit(over > 0 ? 1 : 0)
