// node embed_web.mjs DIST DIRECTORY OUT.cpp
//
// Compresses every file of the built dashboard (brotli) and writes the table that web.hpp promises.
// The bytes are taken in by the assembler; their files are named by content, so that a changed
// dashboard changes OUT.cpp and is compiled again.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { extname, join, relative, resolve } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
}

const [dist, directory, out] = process.argv.slice(2).map((path) => resolve(path))
rmSync(directory, { recursive: true, force: true })
mkdirSync(directory, { recursive: true })

const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .map((file) => ({ file, path: `/${relative(dist, file)}` }))
  .filter(({ path }) => !path.endsWith('.map'))
  .sort((a, b) => (a.path < b.path ? -1 : 1))

const brotli = (bytes) =>
  brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  })

const pieces = []
const rows = []

/** Keeps bytes beside the source and returns the expression of a view of them. */
function piece(hash, suffix, bytes) {
  const file = join(directory, `${hash}${suffix}`)
  writeFileSync(file, bytes)
  const symbol = `berth_web_${pieces.length}`
  pieces.push(`asm(R"(
    .pushsection .rodata.berth_web,"a",@progbits
    .balign 16
    .globl ${symbol}
    .hidden ${symbol}
${symbol}:
    .incbin "${file}"
    .byte 0
    .popsection
)");
extern "C" const char ${symbol}[];`)
  return `{${symbol}, ${bytes.length}}`
}

for (const { file, path } of files) {
  const bytes = readFileSync(file)
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
  const small = brotli(bytes)
  const plain = piece(hash, '', bytes)
  const compressed = small.length < bytes.length * 0.95 ? piece(hash, '.br', small) : '{}'
  const type = types[extname(path)] ?? 'application/octet-stream'
  rows.push(`        {"${path}", "${type}", "\\"${hash}\\"", ${plain}, ${compressed}},`)
}

writeFileSync(
  out,
  `// Made of the dashboard by embed_web.mjs.
#include "api/web.hpp"

${pieces.join('\n')}

namespace berth::api {

std::span<const WebAsset> web_assets() {
    static const WebAsset all[] = {
${rows.join('\n')}
    };
    return all;
}

}  // namespace berth::api
`,
)
console.log(`${files.length} files embedded`)
