"""`script/soak bombs`: builds that take all they can get, again and again, beside a site under load: how
each ends, how long its build step lived, and the site's latency beside that of a quiet machine. Visitors come at
a fixed rate, and who asks for them goes before builds as well: what is late is the edge's.
usage: soak_bombs.py [--rounds 3] [--seconds 8] [--rate 1000] [--only forks,disk]"""

import argparse
import json
import statistics
import sys
import threading
import time
from pathlib import Path

import load
from figures import percentile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/journeys"))

from berth import Berth  # noqa: E402
from gitserver import GitServer  # noqa: E402

PYTHON = "python3 -c '\nimport ctypes, os, sys, time\nc = ctypes.CDLL(None)\n{}\nsys.exit(9)'"
# Name → (the build, the reason of its end).
BOMBS = {
    "forks": ("f() { f | f & }; f; sleep 600", "too_many_processes"),
    "memory": ("head -c 4G /dev/zero | tail > /dev/null; sleep 600", "out_of_memory"),
    "disk": ("head -c 4G /dev/zero > big; sleep 600", "disk_full"),
    "inodes": ("mkdir d; i=0; while :; do : > d/$i || break; i=$((i+1)); done; sleep 600", "disk_full"),
    "log": ("yes 0123456789012345678901234567890123456789012345678901234567890123", "log_limit"),
    "descriptors": (PYTHON.format("for _ in range(60):\n if os.fork() == 0:\n  try:\n   while True: os.open(\"/\", 0)\n"
                                  "  except OSError: time.sleep(2); os._exit(0)\ntime.sleep(2)"), "build_failed"),
    "terminals": (PYTHON.format("try:\n while True: os.open(\"/dev/ptmx\", 2)\nexcept OSError: time.sleep(2)"),
                  "build_failed"),
    "watchers": (PYTHON.format("while c.inotify_init1(0) >= 0: pass\ntime.sleep(2)"), "build_failed"),
    "processor": ("for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done; sleep 4; exit 9", "build_failed"),
}


def repository(script):
    package = {"name": "x", "version": "1.0.0", "private": True, "scripts": {"build": "sh build.sh"}}
    return {"package.json": json.dumps(package), "build.sh": script + "\n"}


def latency_ms(berth, seconds, rate):
    """p50 and p99 in ms of visitors who come at a fixed rate."""
    times = load.times_us(berth.port, f"site.localhost:{berth.port}", "/", seconds=seconds, rate=rate, ahead=True)
    return percentile(times, 50) / 1000, percentile(times, 99) / 1000


class Again(threading.Thread):
    """Deploys one bomb after the other until told to end."""

    def __init__(self, berth, name):
        super().__init__(daemon=True)
        self.berth, self.name, self.over, self.ends, self.began = berth, name, False, [], threading.Event()

    def run(self):
        while not self.over:
            made = self.berth.api("POST", f"/projects/b-{self.name}/deployments", {})
            while True:
                found = self.berth.deployment(made["id"])
                if found["state"] == "building":
                    self.began.set()
                if found["state"] in ("failed", "ready", "canceled"):
                    break
                time.sleep(0.02)
            step = next((s for s in found["steps"] if s["name"] == "build"), None)
            lived = (step["end_ms"] - step["begin_ms"]) / 1000 if step and step["end_ms"] else None
            self.ends.append((found["reason"] or found["state"], lived))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=8)
    options.add_argument("--rate", type=int, default=1000)
    options.add_argument("--only", default=",".join(BOMBS))
    options = options.parse_args()
    bombs = {name: BOMBS[name] for name in options.only.split(",")}
    git = GitServer()
    berth = Berth("--allow-nets", f"127.0.0.1/32:{git.port}", "--build-memory-mb", "512",
                  "--build-disk-mb", "256", "--build-processes", "128",
                  "--build-minutes", "1", "--builds-processors", "spare")
    failed = passed = 0
    try:
        berth.start().set_up()
        berth.imported(git.repository("site", {"index.html": "<p>here</p>"}), "site")
        for name, (script, _) in bombs.items():
            url = git.repository(f"b-{name}", repository(script))
            berth.imported(url, f"b-{name}", "--output", "dist")
        quiet = [latency_ms(berth, options.seconds, options.rate) for _ in range(options.rounds)]
        base50, base99 = (statistics.median(q[i] for q in quiet) for i in (0, 1))
        print(f"quiet: p50 {base50:.2f} ms, p99 {base99:.2f} ms")
        for name, (_, expected) in bombs.items():
            bomb = Again(berth, name)
            bomb.start()
            bomb.began.wait(30)
            during = [latency_ms(berth, options.seconds, options.rate) for _ in range(options.rounds)]
            bomb.over = True
            bomb.join(90)
            p50, p99 = (statistics.median(d[i] for d in during) for i in (0, 1))
            reasons = sorted({reason for reason, _ in bomb.ends})
            lived = [seconds for _, seconds in bomb.ends if seconds is not None]
            typed = reasons == [expected]
            passed, failed = passed + typed, failed + (not typed)
            print(f"{'ok   ' if typed else 'WRONG'} {name}: {len(bomb.ends)} × {', '.join(reasons)}; build step "
                  f"{statistics.median(lived):.1f} s (longest {max(lived):.1f} s); p50 {p50:.2f} ms, "
                  f"p99 {p99:.2f} ms = {p99 / base99:.1f}× quiet", flush=True)
    finally:
        berth.close()
        git.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
