"""Seconds from asking for a deployment to the first byte of the new page, beside the bare
`git clone && npm ci && npm run build` by hand: same repository, same Node and npm, same registry."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from figures import Figure
from stage import ROOT, say

CACHES = "npm cache empty on both sides in every round; toolchain present; clone over loopback HTTP"


def _tool(name):
    environment = dict(os.environ, PATH=f"{ROOT}/build/toolchain/node/bin:" + os.environ["PATH"])
    return subprocess.run([name, "--version"], env=environment, check=True, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL).stdout.strip().lstrip("v")


class Project:
    """A Vite react-ts project that pins the toolchain, so that both sides build with the same."""

    def __init__(self, stage):
        from test_npm import vite_template

        self.stage = stage
        self.files = vite_template()
        package = json.loads(self.files["package.json"])
        package["engines"] = {"node": _tool("node")}
        package["packageManager"] = f"npm@{_tool('npm')}"
        self.package = package
        self.page = self.files["index.html"]
        self.count = 0

    def next_files(self, cold):
        """A new source each time; `cold` also changes what the install's snapshot is keyed by."""
        self.count += 1
        marker = f"round-{self.count}-{time.time_ns()}"
        if cold:
            self.package["description"] = marker
        self.files["package.json"] = json.dumps(self.package, indent=2).encode()
        self.files["index.html"] = self.page.replace(b"</head>", f"<!-- {marker} --></head>".encode())
        return self.files, marker


def _served(stage, name, marker, deployment):
    """Polls the site each 10 ms until it answers with the marker; looks for a failure now and then."""
    looks = 0
    while True:
        if marker in stage.berth.site(name).text:
            return time.time()
        looks += 1
        if looks % 50 == 0:
            found = stage.berth.deployment(deployment)
            if found["state"] in ("failed", "canceled", "superseded"):
                stage.ended_well(deployment)
        time.sleep(0.01)


def _by_berth(stage, marker):
    deployment, asked = stage.deploy("bench-vite")
    seconds = _served(stage, "bench-vite", marker, deployment) - asked
    ended = stage.ended_well(deployment)
    steps = {step["name"]: (step["end_ms"] - step["begin_ms"]) / 1000 for step in ended["steps"]
             if step.get("begin_ms") and step.get("end_ms")}
    return seconds, steps


def _by_hand(stage):
    folder = Path(tempfile.mkdtemp(prefix="berth-bare-"))
    registry = os.environ.get("npm_config_registry")
    environment = dict(
        os.environ, PATH=f"{ROOT}/build/toolchain/node/bin:" + os.environ["PATH"], CI="true",
        FORCE_COLOR="1", npm_config_cache=str(folder / "cache"), npm_config_audit="false",
        npm_config_fund="false", npm_config_update_notifier="false",
        **({"npm_config_registry": registry} if registry else {}))
    begin = time.time()
    for argv, place in ((["git", "clone", "-q", stage.git.url("bench-vite"), "app"], folder),
                        (["npm", "ci"], folder / "app"), (["npm", "run", "build"], folder / "app")):
        subprocess.run(argv, cwd=place, env=environment, check=True, capture_output=True,
                       timeout=600, stdin=subprocess.DEVNULL)
    seconds = time.time() - begin
    shutil.rmtree(folder, ignore_errors=True)
    return seconds


def _pair(stage, project, cold, berth_first):
    files, marker = project.next_files(cold)
    stage.git.commit("bench-vite", files)
    if berth_first:
        (ours, steps), bare = _by_berth(stage, marker), _by_hand(stage)
    else:
        bare = _by_hand(stage)
        ours, steps = _by_berth(stage, marker)
    return ours, bare, steps


def _steps_table(rounds):
    names = list(dict.fromkeys(name for steps in rounds for name in steps))
    middle = lambda name: sorted(s.get(name, 0) for s in rounds)[len(rounds) // 2]
    return ["steps of Berth, medians: " + ", ".join(f"{n} {middle(n):.2f} s" for n in names)]


def run(stage):
    project = Project(stage)
    say("deploy: first import (fetches the toolchain, not measured)")
    files, _ = project.next_files(True)
    stage.project("bench-vite", files)
    measured = {True: [], False: []}
    for turn in range(stage.rounds):
        for cold in (True, False):
            pair = _pair(stage, project, cold, berth_first=turn % 2 == 0)
            measured[cold].append(pair)
            say(f"deploy: round {turn + 1} of {stage.rounds}, {'cold' if cold else 'warm'}: "
                f"Berth {pair[0]:.2f} s, by hand {pair[1]:.2f} s")
    figures = []
    for cold, word in ((True, "cold"), (False, "warm")):
        ours = [pair[0] for pair in measured[cold]]
        bare = [pair[1] for pair in measured[cold]]
        changed = ("dependencies' key changed: install runs" if cold
                   else "only the source changed: install reused by Berth")
        figures += [
            Figure(f"deploy, {word}: Berth", "s", ours, note=f"{changed}; {CACHES}",
                   table=_steps_table([pair[2] for pair in measured[cold]])),
            Figure(f"deploy, {word}: by hand", "s", bare, note="git clone && npm ci && npm run build"),
            Figure(f"deploy, {word}: Berth − by hand", "s", [a - b for a, b in zip(ours, bare)],
                   target=0.5 if cold else 0.0, relation="at most" if cold else "below"),
        ]
    return figures
