// Adds to package-lock.json what `npm install` left out: optional packages of other platforms that
// the registry at hand did not have. `npm ci` wants to see every one of them named, and installs
// only those that fit the machine. Run it after every `npm install`.

import { readFileSync, writeFileSync } from 'node:fs'

const path = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(path, 'utf8'))
const systems = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  win32: 'win32',
}
const processors = { arm64: 'arm64', x64: 'x64', arm: 'arm', wasm32: 'wasm32', ia32: 'ia32' }

let added = 0
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`
    if (lock.packages[key]) continue
    const words = name.split(/[-/]/)
    lock.packages[key] = {
      version,
      cpu: words.map((word) => processors[word]).filter(Boolean),
      dev: entry.dev,
      optional: true,
      os: words.map((word) => systems[word]).filter(Boolean),
    }
    if (lock.packages[key].os.length === 0) delete lock.packages[key].os
    added += 1
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
)
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} packages of other platforms added`)
