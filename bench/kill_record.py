"""What `script/soak kills` did and found: the kills, the ends of deployments, the problems; and the sums
of all runs of one seed."""

import json
import statistics
import threading
import time


class Kills:
    """When which role was killed, in Unix milliseconds."""

    def __init__(self):
        self.items = []

    def add(self, role):
        self.items.append((time.time_ns() // 1_000_000, role))

    def of(self, roles, begin_ms, end_ms):
        return [at for at, role in list(self.items) if role in roles and begin_ms <= at <= end_ms]


class Findings:
    def __init__(self):
        self.problems = []
        self.ends = {}  # "ready", "failed lost_worker", … → how many
        self.lost_ms = []  # from the kill to the end, of what a kill ended
        self.visits = 0
        self.resumed = 0  # log streams that broke and were gone on with
        self.lock = threading.Lock()

    def problem(self, text):
        with self.lock:
            self.problems.append(text)
        print("PROBLEM", text, flush=True)

    def end(self, found, lost_ms):
        with self.lock:
            name = " ".join(filter(None, (found["state"], found["reason"])))
            self.ends[name] = self.ends.get(name, 0) + 1
            if lost_ms is not None:
                self.lost_ms.append(lost_ms)


class Record:
    """What all runs of one seed have found so far."""

    def __init__(self, path, fresh):
        self.path = path
        self.sums = {"moments": 0, "seconds": 0, "ends": {}, "problems": [], "lost_ms": [], "visits": 0,
                     "resumed": 0}
        if path.exists() and not fresh:
            self.sums = json.loads(path.read_text())
        self.before = json.loads(json.dumps(self.sums))

    def keep(self, moments, seconds, findings):
        before, ends = self.before, dict(self.before["ends"])
        with findings.lock:
            for name, count in findings.ends.items():
                ends[name] = ends.get(name, 0) + count
            self.sums = {"moments": before["moments"] + moments, "seconds": before["seconds"] + seconds,
                         "ends": ends, "problems": before["problems"] + findings.problems,
                         "lost_ms": before["lost_ms"] + findings.lost_ms,
                         "visits": before["visits"] + findings.visits,
                         "resumed": before["resumed"] + findings.resumed}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps(self.sums, indent=1))
        beside.rename(self.path)

    def figures(self):
        sums = self.sums
        ended = sum(sums["ends"].values())
        parts = ", ".join(f"{count} {name}" for name, count in sorted(sums["ends"].items()))
        text = f"{sums['moments']} kills, {ended} deployments ({parts})"
        if sums["lost_ms"]:
            text += (f", lost ones ended after {statistics.median(sums['lost_ms']) / 1000:.1f} s "
                     f"(longest {max(sums['lost_ms']) / 1000:.1f} s)")
        return (text + f", {sums['visits']} visits, {sums['resumed']} log streams resumed, "
                f"{sums['seconds']:.0f} s, {len(sums['problems'])} problems")
