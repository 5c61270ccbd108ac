// The budgets of the dashboard, over the chunks that the last build noted: entry 103 kB as brotli (what
// the server sends), any lazy page 25 kB gz, the log's own code 14 kB gz, styles 12 kB gz, everything
// 400 kB as brotli. Fails above.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const dist = 'dist'
const chunks = JSON.parse(readFileSync('node_modules/.cache/berth/chunks.json', 'utf8'))
const byFile = new Map(chunks.map((chunk) => [chunk.file, chunk]))
const gz = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length
const br = (file) => brotliCompressSync(readFileSync(file)).length

const closure = (file, seen = new Set()) => {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const next of byFile.get(file)?.imports ?? []) closure(next, seen)
  return seen
}

const entry = chunks.find((chunk) => chunk.entry && chunk.file.endsWith('.js'))
const entryFiles = closure(entry.file)
const rows = [
  ['entry (br)', [...entryFiles].reduce((sum, file) => sum + br(join(dist, file)), 0), 103_000],
]
for (const chunk of chunks.filter((each) => each.lazy)) {
  const own = [...closure(chunk.file)].filter((file) => !entryFiles.has(file))
  const limit = chunk.name === 'LogViewer' ? 14_000 : 25_000
  rows.push([chunk.name, own.reduce((sum, file) => sum + gz(file), 0), limit])
}
const styles = chunks.filter((chunk) => chunk.file.endsWith('.css'))
rows.push(['styles', styles.reduce((sum, chunk) => sum + gz(chunk.file), 0), 12_000])

const walk = (folder) =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? walk(path) : [path]
  })
rows.push(['everything (br)', walk(dist).reduce((sum, file) => sum + br(file), 0), 400_000])

let over = 0
for (const [name, size, limit] of rows) {
  const bad = size > limit
  over += bad ? 1 : 0
  console.log(
    `${bad ? 'OVER' : '  ok'}  ${name.padEnd(22)} ${(size / 1000).toFixed(1).padStart(7)} of ${limit / 1000} kB`,
  )
}
process.exit(over > 0 ? 1 : 0)
