// A caching npm registry for `script/bench builds`: both sides install from it, and it counts what they
// fetch. What it lacks it takes once from the registry that the npm client is configured for.
//   node registry.mjs UPSTREAM FOLDER ADDRESS PORT
// Only this machine is answered. GET /-/count → {"requests": n, "bytes": n, "upstream": n}.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const [upstream, folder, address, port] = process.argv.slice(2)
const base = upstream.endsWith('/') ? upstream : upstream + '/'
const short = 'application/vnd.npm.install-v1+json'
const count = { requests: 0, bytes: 0, upstream: 0 }
const fetching = new Map()
mkdirSync(folder, { recursive: true })

/// One fetch for all who ask at the same time.
function once(key, fetchIt) {
  if (!fetching.has(key)) fetching.set(key, fetchIt().finally(() => fetching.delete(key)))
  return fetching.get(key)
}

function fileOf(kind, path) {
  return join(folder, kind + '-' + createHash('sha256').update(path).digest('hex'))
}

async function fromUpstream(path, accept) {
  for (let attempt = 1; ; ++attempt) {
    try {
      count.upstream++
      const answer = await fetch(base + path, { headers: { accept }, signal: AbortSignal.timeout(120_000) })
      if (answer.ok || answer.status < 500 || attempt === 4) return answer
    } catch (wrong) {
      if (attempt === 4) throw wrong
    }
    await new Promise((done) => setTimeout(done, 500 * attempt))
  }
}

async function tarball(path) {
  const file = fileOf('tar', path)
  if (existsSync(file)) return file
  await once(file, async () => {
    const answer = await fromUpstream(path, '*/*')
    if (!answer.ok) throw Object.assign(new Error(path), { status: answer.status })
    await pipeline(Readable.fromWeb(answer.body), createWriteStream(file + '.part'))
    renameSync(file + '.part', file)
  })
  return file
}

/// A package's document names its files at the upstream's address; they are asked for here instead.
async function packument(path, accept) {
  const file = fileOf(accept === short ? 'short' : 'full', path)
  if (!existsSync(file)) {
    await once(file, async () => {
      const answer = await fromUpstream(path, accept)
      if (!answer.ok) throw Object.assign(new Error(path), { status: answer.status })
      await writeFile(file + '.part', await answer.text())
      await rename(file + '.part', file)
    })
  }
  const text = await readFile(file, 'utf8')
  return text.replaceAll(/("tarball":\s*")[a-z]+:\/\/[^/"]+\/(?:[^"]*?\/)??((?:@[^/"]+\/)?[^/"]+\/-\/)/g,
                         `$1http://${address}:${port}/$2`)
}

async function answer(request, response) {
  if (request.socket.remoteAddress !== address) return void response.writeHead(403).end()
  const path = request.url.slice(1)
  if (path === '-/count') return void response.end(JSON.stringify(count))
  if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(404).end('{}')
  count.requests++
  try {
    if (path.includes('/-/')) {
      const file = await tarball(path)
      const { size } = statSync(file)
      count.bytes += size
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size,
                                'cache-control': 'public, immutable, max-age=31557600' })
      return void (await pipeline(createReadStream(file), response))
    }
    const accept = (request.headers.accept ?? '').includes(short) ? short : 'application/json'
    const text = Buffer.from(await packument(path, accept))
    count.bytes += text.length
    response.writeHead(200, { 'content-type': accept, 'content-length': text.length,
                              'cache-control': 'public, max-age=300' })
    response.end(text)
  } catch (wrong) {
    if (!response.headersSent) response.writeHead(wrong.status ?? 502)
    response.end('{}')
  }
}

createServer((request, response) => void answer(request, response))
  .listen(Number(port), address, () => console.log('ready'))
process.stdin.resume().on('end', () => process.exit(0))  // ends with whoever started it
