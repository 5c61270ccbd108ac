"""Start of a sandbox with network, seen from the api: from the begin of the build step, as the
deployment records it, to the first instruction of the user's command, by the same clock inside.
In between: the worker's call to the launcher, the runtime, namespaces, network, cgroup, /bin/sh."""

import re

from figures import Figure
from stage import say

COMMAND = "echo started $(date +%s%N); mkdir -p dist; cp index.html dist/"


def _milliseconds(stage, turn):
    stage.git.commit("bench-sandbox", {"index.html": f"page {turn}"})
    deployment, _ = stage.deploy("bench-sandbox")
    ended = stage.ended_well(deployment)
    began = {step["name"]: step["begin_ms"] for step in ended["steps"]}
    name = next(name for name in began if name.startswith("build"))
    found = re.search(r"^started (\d+)", stage.berth.log_text(deployment), re.M)
    return int(found.group(1)) / 1e6 - began[name]


def run(stage):
    stage.project("bench-sandbox", {"index.html": "first"}, "--build-command", COMMAND,
                  "--output", "dist")
    samples = []
    for turn in range(stage.rounds):
        samples.append(_milliseconds(stage, turn))
        say(f"sandbox: round {turn + 1} of {stage.rounds}: {samples[-1]:.0f} ms")
    return [Figure("sandbox start with network", "ms", samples,
                   note="begin of the build step to the first instruction of its command")]
