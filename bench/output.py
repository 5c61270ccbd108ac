"""10,000 files that a build made, until the store has them: the publish step, as the deployment records it. It
reads them out of the sandbox, hashes, compresses and stores them, and writes the manifest."""

from figures import Figure
from stage import say

FILES = 10_000
TARGET_S = 2.0

# Pages of 1 to 7 KB, each different from all of the rounds before.
SCRIPT = """
const { mkdirSync, writeFileSync } = require('node:fs')
const words = 'build deploy edge route cache worker blob page site team branch commit log host'.split(' ')
let seed = SEED
const next = () => {  // mulberry32: every round's numbers are its own
  let t = (seed = (seed + 0x6d2b79f5) | 0)
  t = Math.imul(t ^ (t >>> 15), t | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return (t ^ (t >>> 14)) >>> 0
}
for (let page = 0; page < COUNT; ++page) {
  if (page % 100 === 0) mkdirSync(`dist/${page / 100}`, { recursive: true })
  const text = Array.from({ length: 150 + next() % 900 }, () => words[(next() >> 8) % words.length])
  writeFileSync(`dist/${Math.floor(page / 100)}/${page}.html`, `<html><p id=p${next()}>${text.join(' ')}</p></html>`)
}
writeFileSync('dist/index.html', 'page ' + SEED)
"""


def _files(turn):
    script = SCRIPT.replace("SEED", str(turn * 7919 + 17)).replace("COUNT", str(FILES - 1))
    return {"package.json": '{"private": true, "scripts": {"build": "node make.js"}}', "make.js": script}


def run(stage):
    stage.project("bench-output", _files(0))
    samples, cpu = [], []
    for turn in range(1, stage.rounds + 1):
        stage.git.commit("bench-output", _files(turn))
        deployment, _ = stage.deploy("bench-output")
        ended = stage.ended_well(deployment)
        step = next(step for step in ended["steps"] if step["name"] == "publish")
        samples.append((step["end_ms"] - step["begin_ms"]) / 1000)
        say(f"output: round {turn} of {stage.rounds}: {samples[-1]:.2f} s")
        if ended["files"] != FILES:
            raise RuntimeError(f"{deployment} has {ended['files']} files")
    return [Figure(f"{FILES:,} files collected and stored", "s", samples, target=TARGET_S,
                   note=f"the publish step; {ended['bytes'] >> 20} MiB, every file new and compressible")]
