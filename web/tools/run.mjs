// Runs a TypeScript file through Vite's own runner, so that Node 20 needs no other loader:
//   node tools/run.mjs mock/main.ts [arguments]
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const [file, ...rest] = process.argv.slice(2)
if (!file) {
  console.error('usage: node tools/run.mjs FILE [arguments]')
  process.exit(2)
}
process.argv.splice(2, process.argv.length - 2, ...rest)
const root = fileURLToPath(new URL('..', import.meta.url))
await runnerImport(new URL(`../${file}`, import.meta.url).pathname, {
  root,
  configFile: false,
  logLevel: 'error',
})
