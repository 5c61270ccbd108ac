"""What benchmarks share: one Berth, one Git server, how often and how long; and words on stderr."""

import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/journeys"))

from berth import Berth  # noqa: E402 (the journeys' own drivers)
from gitserver import GitServer  # noqa: E402


class Stage:
    def __init__(self, options):
        self.rounds = options.rounds
        self.seconds = options.seconds
        self.pattern = options.rows
        self._options = options
        self._git = None
        self._berth = None
        self._installs = None
        self._made = {}

    @property
    def git(self):
        if self._git is None:
            self._git = GitServer()
        return self._git

    @property
    def berth(self):
        if self._berth is None:
            self._berth = Berth("--allow-nets", f"127.0.0.1/32:{self.git.port}")
            self._berth.start().set_up()
        return self._berth

    @property
    def installs(self):
        """Another stage, whose packages come from a caching registry of the bench."""
        if self._installs is None:
            from install_stage import InstallStage

            self._installs = InstallStage(self._options)
        return self._installs

    def project(self, name, files, *options):
        """Imports a repository and waits until it is live; once, however many benchmarks want it."""
        if name in self._made:
            return self._made[name]
        url = self.git.repository(name, files)
        made, done = self.berth.imported(url, name, *options, timeout=600)
        if made is None or made["state"] != "ready":
            raise RuntimeError(f"{name}: {made and made['detail']}\n{done.stderr[-3000:]}")
        self._made[name] = made
        return made

    def deploy(self, name, **body):
        """Starts a deployment of the branch's head → (its id, when we asked in Unix seconds)."""
        asked = time.time()
        made = self.berth.api("POST", f"/projects/{name}/deployments", body)
        return made["id"], asked

    def ended_well(self, deployment):
        ended = self.berth.wait_for(deployment, 600)
        if ended["state"] != "ready":
            raise RuntimeError(f"{deployment}: {ended['state']} {ended['reason']} "
                               f"{ended['detail']}\n{self.berth.log_text(deployment)[-3000:]}")
        return ended

    def log_lines(self, deployment):
        """[{at_ms, text, …}]"""
        answer = self.berth.http("GET", f"/api/v1/deployments/{deployment}/log",
                                 headers={"Accept": "application/x-ndjson"})
        return [line for line in map(json.loads, answer.text.splitlines()) if "text" in line]

    def close(self):
        for part in (self._berth, self._git, self._installs):
            if part is not None:
                part.close()


def say(text):
    print(text, file=sys.stderr, flush=True)
