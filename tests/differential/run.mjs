#!/usr/bin/env node
/**
 * Compares our rules with the peers' own published matchers: random rule files and requests, the same
 * decision from both sides but for differences that are meant, each named and counted.
 *
 *   node run.mjs PROGRAM [--cases N] [--seed S] [--dialect netlify|cloudflare|vercel] [--show N]
 *
 * PROGRAM is berth_rules_answers. A case is one request. Exits with 1 when something differs.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import { decoded, locations } from './compare.mjs'
import { Random } from './random.mjs'

const dialects = ['netlify', 'cloudflare', 'vercel']
const batch = 100 // sites that are on their way at once

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      cases: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      dialect: { type: 'string', default: '' },
      show: { type: 'string', default: '5' },
    },
  })
  const cases = Number(values.cases)
  const seed = Number(values.seed)
  if (positionals.length !== 1 || !(cases >= 1) || !Number.isInteger(seed))
    throw new Error('usage: run.mjs PROGRAM [--cases N] [--seed S] [--dialect D] [--show N]')
  if (values.dialect && !dialects.includes(values.dialect))
    throw new Error(`no dialect is called ${values.dialect}; there are ${dialects.join(', ')}`)
  return {
    program: positionals[0],
    cases,
    seed,
    dialects: values.dialect ? [values.dialect] : dialects,
    show: Number(values.show),
  }
}

/** Ours: a line in, a line out, in order. */
class Ours {
  constructor(program) {
    this.process = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]()
    this.process.stdin.on('error', () => {}) // the end of its answers says it
  }

  ask(site) {
    this.process.stdin.write(JSON.stringify(site) + '\n')
  }

  async answer() {
    const { value, done } = await this.lines.next()
    if (done) throw new Error('our side ended: see above')
    return JSON.parse(value)
  }

  end() {
    this.process.stdin.end()
  }
}

function excuse(dialect, site, at, ours, theirs) {
  const found = Object.entries(dialect.excuses).find(([, holds]) =>
    holds(site.asks[at], ours, theirs, site),
  )
  return found?.[0]
}

/** Fields without order and encoding. One that is taken away is none. */
function plain(fields) {
  return fields
    .filter((field) => !field.endsWith(': -'))
    .map((field) => decoded(field).trim().replaceAll(/\s+,/g, ','))
    .sort()
    .join('\n')
}

function show(name, seed, site, at, ours, theirs, problems) {
  const rules = Object.entries(site.files)
    .filter(([, text]) => text)
    .map(([file, text]) => `--- ${file}\n${text}`)
    .join('\n')
  console.log(
    `\n${name}, seed ${seed}: ${JSON.stringify(site.asks[at])}\n${rules}\n--- files: ${site.paths.join(' ')}`,
  )
  console.log(`ours:   ${ours.decision} (line ${ours.line}) ${ours.fields.join('; ')}`)
  console.log(`theirs: ${theirs.decision} ${theirs.fields.join('; ')}`)
  if (problems.length) console.log(`problems: ${problems.join(' | ')}`)
}

class Count {
  cases = 0
  alike = 0
  differ = 0
  sites = new Set() // that differ
  meant = new Map()
}

function compare(name, dialect, seed, site, ours, theirs, count, shown) {
  for (let at = 0; at < site.asks.length; ++at) {
    count.cases += 1
    const [mine, other] = [ours.answers[at], theirs[at]]
    if (
      locations(mine.decision) === locations(other.decision) &&
      plain(mine.fields) === plain(other.fields)
    ) {
      count.alike += 1
      continue
    }
    const why = excuse(dialect, site, at, mine, other)
    if (why) {
      count.meant.set(why, (count.meant.get(why) ?? 0) + 1)
    } else {
      count.differ += 1
      // One of a site will do: the others are mostly the same.
      if (count.sites.add(seed).size <= shown && ours.shown !== true)
        show(name, seed, site, at, mine, other, ours.problems)
      ours.shown = true
    }
  }
}

async function run(name, ours, cases, firstSeed, shown) {
  const dialect = await import(`./${name}.mjs`)
  const count = new Count()
  for (let seed = firstSeed; count.cases < cases; seed += batch) {
    const sites = Array.from({ length: batch }, (_, i) => dialect.generate(new Random(seed + i)))
    for (const site of sites) ours.ask(site)
    for (const [i, site] of sites.entries()) {
      const theirs = await dialect.answers(site)
      compare(name, dialect, seed + i, site, await ours.answer(), theirs, count, shown)
      if (count.cases >= cases) {
        // The answers to the rest of the batch are read and not asked about.
        for (let left = i + 1; left < sites.length; ++left) await ours.answer()
        break
      }
    }
  }
  return count
}

const { program, cases, seed, dialects: names, show: shown } = options()
const ours = new Ours(program)
let differ = 0
for (const name of names) {
  const begin = performance.now()
  const count = await run(name, ours, Math.ceil(cases / names.length), seed, shown)
  differ += count.differ
  console.log(
    `${name}: ${count.cases} cases, ${count.alike} alike, ${count.differ} differ (${((performance.now() - begin) / 1000).toFixed(1)} s)`,
  )
  for (const [why, times] of [...count.meant].sort((a, b) => b[1] - a[1]))
    console.log(`  ${String(times).padStart(8)} meant: ${why}`)
}
ours.end()
process.exitCode = differ ? 1 : 0
