"""What a set of processes costs, whoever their parents are: a control group of its own, in either version."""

import os
import threading
import time
from pathlib import Path

PAUSE_S = 0.02  # between two looks at the memory


def _mounts():
    """{controller: where it is mounted}; "" is version 2."""
    found = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4]
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2":
            found[""] = Path(point)
        elif kind == "cgroup":
            found.update((name, Path(point)) for name in options.split(","))
    return found


class Group:
    """A control group at the top, made here or by others."""

    def __init__(self, name):
        mounts = _mounts()
        self.is_v1 = "cpuacct" in mounts
        tops = [mounts["cpuacct"], mounts["memory"]] if self.is_v1 else [mounts[""]] * 2
        self.cpu, self.memory = (top / name for top in tops)

    def make(self):
        for folder in (self.cpu, self.memory):
            folder.mkdir(exist_ok=True)
        return self

    def remove(self):
        for folder in {self.cpu, self.memory}:
            try:
                folder.rmdir()
            except OSError:
                pass  # something still runs in it

    def join(self):
        """This process, and what it starts from now on; → a function that takes it back."""
        homes = []
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            homes.append((set(names.split(",")), path))
        back = []
        for controller, folder in (("cpuacct", self.cpu), ("memory", self.memory)):
            wanted = controller if self.is_v1 else ""
            home = next(path for names, path in homes if wanted in names)
            back.append(Path(str(folder.parent) + home) / "cgroup.procs")
            (folder / "cgroup.procs").write_text(str(os.getpid()))

        def leave():
            for procs in back:
                procs.write_text(str(os.getpid()))

        return leave

    def cpu_seconds(self):
        try:
            if self.is_v1:
                return int((self.cpu / "cpuacct.usage").read_text()) / 1e9
            return _keyed(self.cpu / "cpu.stat", "usage_usec") / 1e6
        except FileNotFoundError:
            return 0.0  # nothing ran in it yet

    def memory_bytes(self):
        """What its processes hold that no file has."""
        try:
            return _keyed(self.memory / "memory.stat", "total_rss" if self.is_v1 else "anon")
        except FileNotFoundError:
            return 0


def _keyed(path, key):
    for line in path.read_text().splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    return 0


class Meter:
    """Wall and processor seconds, peak memory and bytes fetched, between `with` and its end."""

    def __init__(self, groups, registry):
        self._groups, self._registry = groups, registry
        self.seconds = self.cpu = self.fetched = 0.0
        self.memory = 0

    def __enter__(self):
        self._ended = threading.Event()
        self._looks = threading.Thread(target=self._look, daemon=True)
        self._looks.start()
        self._cpu = sum(group.cpu_seconds() for group in self._groups)
        self._bytes = self._registry.bytes()
        self._begin = time.time()
        return self

    def __exit__(self, *_):
        self.seconds = time.time() - self._begin
        self.cpu = sum(group.cpu_seconds() for group in self._groups) - self._cpu
        self.fetched = self._registry.bytes() - self._bytes
        self._ended.set()
        self._looks.join()

    def _look(self):
        while not self._ended.wait(PAUSE_S):
            self.memory = max(self.memory, sum(group.memory_bytes() for group in self._groups))
