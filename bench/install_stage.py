"""A stage whose Berth installs from the caching registry, and which knows what its processes cost."""

import os
import re
import time
from pathlib import Path

from berth import Berth
from meter import Group, Meter
from registry import Registry
from stage import Stage

BUILDS = 8  # at a time; each bench asks for as many as it wants


class InstallStage(Stage):
    def __init__(self, options):
        super().__init__(options)
        self.only = re.compile(options.only)
        self.registry = Registry()
        self._own = None
        self._sandboxes = None

    @property
    def berth(self):
        if self._berth is None:
            self._own = Group(f"berth-bench-{os.getpid()}").make()
            self._berth = Berth("--allow-nets", f"127.0.0.1/32:{self.git.port}", "--builds", str(BUILDS),
                                *self.registry.options)
            leave = self._own.join()
            try:
                self._berth.start()
            finally:
                leave()
            self._berth.set_up()
            self._sandboxes = Group(f"berth-{self._instance()}")
        return self._berth

    def _instance(self):
        """Sandboxes have their groups below one of this name."""
        mounts = Path(f"/proc/{self._berth.roles()['launcher']}/mountinfo").read_text()
        return re.search(r"ins_[0-9a-z]+", mounts).group(0)

    def meter(self):
        """Of Berth: its own processes and its sandboxes."""
        _ = self.berth
        return Meter([self._own, self._sandboxes], self.registry)

    def clear_caches(self, project):
        """Until nothing is kept; what a build just ended still saves is waited for."""
        for _ in range(300):
            cleared = self.berth.api("DELETE", f"/projects/{project}/caches")
            if not cleared["in_use"] and not self.berth.api("GET", f"/projects/{project}/caches")["items"]:
                return
            time.sleep(0.2)
        raise RuntimeError(f"{project}: the caches do not go away")

    def settle(self, project, kinds):
        """Until what the last build leaves for the next is kept."""
        for _ in range(600):
            items = self.berth.api("GET", f"/projects/{project}/caches")["items"]
            if kinds <= {item["kind"] for item in items}:
                return
            time.sleep(0.1)
        raise RuntimeError(f"{project}: kept are only {[item['kind'] for item in items]}")

    def close(self):
        super().close()
        self.registry.close()
        if self._own:
            self._own.remove()
