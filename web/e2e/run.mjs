// node web/e2e/run.mjs SUITE: runs a suite from anywhere, through Vite's own runner.
//   pages     every page, light and dark, 1280 and 360 px, against the mock: axe, overflow, screenshots
//   log       the log at 10,000 lines a second: frames, memory, reconnects, against the mock
//   injection 3,000 texts that would be scripts, in all places where others' words are shown, against the mock
//   paint     how soon the first page is there, on three kinds of line; see e2e/paint.ts for its environment
//   journey   the whole job against a real Berth; see e2e/journey.ts for its environment
//   signin    passkeys, an authenticator app, a device, against a real Berth; see e2e/signin.ts
//   oidc      a real OpenID Connect provider, against a real Berth; see e2e/oidc.ts
//   hostile   a deployed site attacks the dashboard; see e2e/hostile.ts for its environment
import { existsSync } from 'node:fs'
import { chdir } from 'node:process'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const suite = process.argv[2]
if (
  !['pages', 'log', 'injection', 'paint', 'journey', 'signin', 'oidc', 'hostile'].includes(suite)
) {
  console.error('usage: node web/e2e/run.mjs pages|log|injection|paint|journey|signin|oidc|hostile')
  process.exit(2)
}
const root = fileURLToPath(new URL('..', import.meta.url))
chdir(root)
if (['pages', 'log', 'injection'].includes(suite) && !existsSync('dist/index.html')) {
  console.error('web/dist is not built: npm run build')
  process.exit(2)
}
try {
  const { module } = await runnerImport(`${root}e2e/${suite}.ts`, {
    root,
    configFile: false,
    logLevel: 'error',
  })
  process.exit(await module.run())
} catch (error) {
  console.error(error)
  process.exit(1)
}
