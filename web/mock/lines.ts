import type { WireLine } from '../src/log/write'

const steps = { prepare: 0, clone: 1, install: 2, build: 3, publish: 4 }

const line = (
  delta_ms: number,
  step: keyof typeof steps,
  text: string,
  level = 0,
  stream = 0,
): WireLine => ({
  head: { delta_ms, stream, level, step: steps[step] },
  text,
})

const esc = '\x1b['

/** The log of a small Vite build; a failing one ends in its type error. */
export const viteLog = (fails: boolean): WireLine[] => {
  const lines = [
    line(4, 'prepare', 'Deployment queued by admin@example.com', 0, 2),
    line(310, 'prepare', 'Worker harbour-1, Node 22.11.0, npm 10.9.0', 0, 2),
    line(420, 'clone', 'Cloning https://github.com/berth/harbour-site at main', 0, 2),
    line(1410, 'clone', 'Commit 4f2a9c1  Tide tables for March', 0, 2),
    line(1500, 'install', 'npm ci  (package-lock.json is present)', 0, 2),
    line(2300, 'install', 'npm warn deprecated inflight@1.0.6: this module is not supported', 1, 1),
    ...Array.from({ length: 60 }, (_, i) =>
      line(
        2400 + i * 30,
        'install',
        `${esc}2mnpm http fetch${esc}0m GET 200 package-${i} ${esc}36m${8 + (i % 40)}ms${esc}39m`,
        0,
        1,
      ),
    ),
    line(4300, 'install', `added ${esc}1m214${esc}22m packages in 2.8s`),
    line(4400, 'build', 'npm run build  (script of package.json)', 0, 2),
    line(4600, 'build', `${esc}36mvite v8.3.8 ${esc}32mbuilding for production...${esc}39m`),
    ...Array.from({ length: 90 }, (_, i) =>
      line(
        4700 + i * 22,
        'build',
        `${esc}2mtransforming${esc}22m src/components/part-${i}.tsx ${esc}90m(${(i * 37) % 500} B)${esc}39m`,
      ),
    ),
  ]
  if (fails)
    lines.push(
      line(6900, 'build', `${esc}31merror${esc}39m during build:`, 2, 1),
      line(
        6910,
        'build',
        `src/pages/Tides.tsx(42,17): ${esc}31merror TS2345${esc}39m: Argument of type 'string' is not assignable to parameter of type 'number'.`,
        2,
        1,
      ),
      line(6920, 'build', `    at ${esc}4mfile:///build/src/pages/Tides.tsx:42:17${esc}24m`, 0, 1),
      line(6990, 'build', 'npm run build ended with exit code 2', 2, 2),
    )
  else
    lines.push(
      line(6900, 'build', `${esc}32m✓${esc}39m 214 modules transformed.`),
      line(
        6950,
        'build',
        `${esc}2mdist/${esc}22m${esc}32mindex.html               ${esc}39m${esc}1m  0.46 kB${esc}22m │ gzip:  0.30 kB`,
      ),
      line(
        6960,
        'build',
        `${esc}2mdist/${esc}22m${esc}35massets/index-D8b4DHJx.css ${esc}39m${esc}1m  1.39 kB${esc}22m │ gzip:  0.71 kB`,
      ),
      line(
        6970,
        'build',
        `${esc}2mdist/${esc}22m${esc}36massets/index-4f9aQ1xz.js  ${esc}39m${esc}1m143.42 kB${esc}22m │ gzip: 46.11 kB`,
      ),
      line(
        6980,
        'build',
        `${esc}33m(!) Some chunks are larger than 100 kB after minification.${esc}39m`,
        1,
      ),
      line(6990, 'build', `${esc}32m✓ built in 2.31s${esc}39m`),
      line(7010, 'publish', '14 files, 381 kB', 0, 2),
      line(7380, 'publish', 'Live at http://harbour-site.localhost:8080', 0, 2),
    )
  return lines
}

const words = [
  'resolve',
  'transform',
  'emit',
  'hash',
  'minify',
  'link',
  'cache',
  'fetch',
  'write',
  'read',
]

/** Line `n` of a loud build: about 83 bytes, a third of them coloured. */
export const loudLine = (n: number, delta_ms: number): WireLine => {
  const word = words[n % 10]!
  const coloured = n % 3 === 0
  const name = `node_modules/pkg-${n % 977}/dist/chunk-${n}.js`
  const text = coloured
    ? `${esc}3${1 + (n % 6)}m${word}${esc}39m ${name} ${esc}2m${(n * 7919) % 100_000} bytes in ${n % 50} ms${esc}22m`
    : `${word} ${name} ${(n * 7919) % 100_000} bytes in ${n % 50} ms, plain text of line`
  const level = n % 5000 === 4999 ? 2 : n % 1700 === 1699 ? 1 : 0
  return { head: { delta_ms, stream: level ? 1 : 0, level, step: n < 2000 ? 2 : 3 }, text }
}
