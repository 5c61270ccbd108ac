"""The same build without Berth: the bare commands in a plain directory, and `vercel build`."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from meter import Group, Meter
from registry import NODE
from stage import ROOT, say
from templates import environment, write

VERCEL = "60.1.3"
SECONDS_MAX = 1200


class Hand:
    """One project's directory, and a home and an npm cache of its own."""

    def __init__(self, registry, files):
        self.registry = registry
        self.dir = Path(tempfile.mkdtemp(prefix="berth-bare-"))
        self.app = self.dir / "app"
        self.group = Group(self.dir.name).make()
        self.files = {}
        self.commit(files)

    def commit(self, files):
        self.files.update(files)
        write(files, self.app)

    def forget_packages(self):
        """What was installed, so that an install begins anew, with what was downloaded."""
        shutil.rmtree(self.app / "node_modules")

    def forget_all(self):
        """All but the repository's files: a new checkout on a machine that knows nothing."""
        shutil.rmtree(self.dir)
        self.dir.mkdir(mode=0o700)
        write(self.files, self.app)

    def run(self, *commands):
        """→ the meter of these commands, one after the other"""
        variables = environment(self.registry, self.dir / "cache", HOME=str(self.dir))
        meter = Meter([self.group], self.registry)
        with meter:
            for argv in commands:
                done = subprocess.run(argv, cwd=self.app, env=variables, capture_output=True, text=True,
                                      timeout=SECONDS_MAX, stdin=subprocess.DEVNULL,
                                      preexec_fn=lambda: self.group.join())
                if done.returncode != 0:
                    raise RuntimeError(f"{' '.join(map(str, argv))}: {(done.stdout + done.stderr)[-1500:]}")
        return meter

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)
        self.group.remove()


INSTALL, BUILD = ["npm", "ci"], ["npm", "run", "build"]


class Vercel:
    """`vercel build`, which needs no sign-in where .vercel/project.json names a project, of whomever."""

    def __init__(self):
        self.program = ROOT / f"build/bench/vercel-{VERCEL}/node_modules/.bin/vercel"
        self.why_not = ""
        if self.program.exists():
            return
        say(f"builds: installing vercel {VERCEL}")
        done = subprocess.run(["npm", "install", "--prefix", self.program.parents[2], "--no-audit",
                               "--no-fund", "--ignore-scripts", f"vercel@{VERCEL}"],
                              env={**os.environ, "PATH": f"{NODE}:{os.environ['PATH']}"},
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            self.why_not = f"vercel@{VERCEL} does not install: {done.stderr.strip()[:300]}"

    def furnish(self, hand, framework):
        settings = {"framework": framework, "nodeVersion": "24.x"}
        project = {"projectId": "prj_bench", "orgId": "team_bench", "settings": settings}
        hand.commit({".vercel/project.json": json.dumps(project)})

    @property
    def command(self):
        return [self.program, "build", "--yes"]
