"""Start of a sandbox with network, by the clock of the host: from the log's line with the command, which the worker
writes before it asks for the sandbox, to the first instruction of that command inside. In between: the worker's call to the
launcher, the runtime, namespaces, a prepared network, cgroup, /bin/sh. And the same from the begin of the build step, as
the deployment records it: with the api's word and the disk that the build gets."""

import re
import time

from figures import Figure
from stage import say

COMMAND = "echo started $(date +%s%N); mkdir -p dist; cp index.html dist/"
TARGET_MS = 60
PAUSE_S = 1.0  # in which what the last deployment leaves is saved and the pool is full again


def _milliseconds(stage, turn):
    """→ (from the command's line, from the step's begin)"""
    stage.git.commit("bench-sandbox", {"index.html": f"page {turn}"})
    time.sleep(PAUSE_S)
    deployment, _ = stage.deploy("bench-sandbox")
    ended = stage.ended_well(deployment)
    lines = stage.log_lines(deployment)
    asked = next(line["at_ms"] for line in lines if line["text"].startswith("$ "))
    text = "\n".join(line["text"] for line in lines)
    first = int(re.search(r"^started (\d+)", text, re.M).group(1)) / 1e6
    return first - asked, first - next(step["begin_ms"] for step in ended["steps"] if step["name"] == "build")


def run(stage):
    stage.project("bench-sandbox", {"index.html": "first"}, "--build-command", COMMAND,
                  "--output", "dist")
    samples = []
    for turn in range(stage.rounds):
        samples.append(_milliseconds(stage, turn))
        say(f"sandbox: round {turn + 1} of {stage.rounds}: {samples[-1][0]:.0f} ms, "
            f"{samples[-1][1]:.0f} ms from the step's begin")
    return [Figure("sandbox start with network", "ms", [sample[0] for sample in samples], target=TARGET_MS,
                   note="the log's line with the command to its first instruction"),
            Figure("begin of a build step to its command", "ms", [sample[1] for sample in samples])]
