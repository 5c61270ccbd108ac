"""`script/soak builds`: what is left after many builds, of which a part fails, leaves daemons, eats all
it can get, or is stopped. usage: soak_builds.py [--count 1000] [--at-once 2]"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/journeys"))

import leftovers  # noqa: E402
from berth import Berth, wait_until  # noqa: E402
from gitserver import GitServer  # noqa: E402

PAGE = "mkdir -p dist; echo ok > dist/index.html"
# Name → (the build, how it ends).
KINDS = {
    "good": (PAGE, "ready"),
    "daemon": (f"{PAGE}; (trap '' TERM HUP; setsid sleep 600 &) ; exit 0", "ready"),
    "fails": ("exit 3", "failed"),
    "forks": ("f() { f | f & }; f; sleep 3", "failed"),
    "memory": ("head -c 2G /dev/zero | tail > /dev/null", "failed"),
    "disk": ("head -c 1G /dev/zero > big", "failed"),
    "watchers": ("python3 -c 'import ctypes, time\n"
                 "c = ctypes.CDLL(None)\nwhile c.inotify_init1(0) >= 0: pass\ntime.sleep(0.2)'; " + PAGE, "ready"),
    "stopped": ("sleep 600", "canceled"),
}


def repository(script):
    package = {"name": "x", "version": "1.0.0", "private": True, "scripts": {"build": "sh build.sh"}}
    return {"package.json": json.dumps(package), "build.sh": script + "\n"}


def kernel_objects():
    """Namespaces, by kind, that any process is in or holds open."""
    kinds = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        for kind in ("mnt", "net", "pid", "user", "ipc", "uts", "cgroup"):
            try:
                kinds.setdefault(kind, set()).add(os.readlink(process / "ns" / kind))
            except OSError:
                continue
    return {f"{kind} namespaces": len(found) for kind, found in kinds.items()}


def backing_files():
    """Of all loop devices of the machine."""
    files = []
    for device in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            files.append(device.read_text().strip())
        except OSError:  # let go meanwhile
            continue
    return files


def count_files(folder):
    return sum(len(files) for _, _, files in os.walk(folder))


def picture(berth):
    """Everything of which there must be no more in the end than in the beginning."""
    roles = berth.roles()
    launcher = roles["launcher"]
    mounts = Path(f"/proc/{launcher}/mountinfo").read_text().splitlines()
    slirps = sum(1 for process in Path("/proc").iterdir() if process.name.isdigit()
                 and (process / "comm").exists() and "slirp4netns" in (process / "comm").read_text())
    found = {
        "tenants' processes": len(leftovers.sandbox_processes()),
        "networks (slirp4netns)": slirps,
        "loop devices": sum(1 for file in backing_files() if file.startswith(str(berth.data))),
        "cgroups": len(leftovers.cgroups("berth-")) if Path("/sys/fs/cgroup").exists() else 0,
        "mounts of the launcher": len(mounts),
        "volumes and their records": count_files(berth.data / "launcher"),
        "files in /run/berth": count_files("/run/berth"),
        "files in /dev/shm": count_files("/dev/shm"),
        "shared memory segments": len(Path("/proc/sysvipc/shm").read_text().splitlines()) - 1,
    }
    for role in ("launcher", "worker"):
        found[f"descriptors of the {role}"] = len(os.listdir(f"/proc/{roles[role]}/fd"))
    found.update(kernel_objects())
    return found


def settled(berth, before=None):
    """Networks are prepared and kept volumes thrown away in the background: the best of 10 s."""
    best = picture(berth)
    for _ in range(20):
        if before and all(best[what] <= before[what] for what in before):
            break
        time.sleep(0.5)
        best = {what: min(number, best[what]) for what, number in picture(berth).items()}
    return best


class Yard:
    def __init__(self, berth):
        self.berth = berth
        self.running = []  # (kind, id)
        self.wrong = []
        self.ended = 0

    def start(self, kind):
        made = self.berth.api("POST", f"/projects/s-{kind}/deployments", {})
        self.running.append((kind, made["id"]))

    def look(self):
        for kind, name in list(self.running):
            found = self.berth.deployment(name)
            if kind == "stopped" and found["state"] == "building":
                self.berth.http("POST", f"/api/v1/deployments/{name}/cancel", {})
            if found["state"] not in ("ready", "failed", "canceled", "superseded"):
                continue
            self.running.remove((kind, name))
            self.ended += 1
            if found["state"] != KINDS[kind][1]:
                self.wrong.append(f"{kind}: {found['state']} {found['reason']} {found['detail']}")


def build_all(yard, order, at_once):
    waiting = list(order)
    last = 0
    while waiting or yard.running:
        busy = {kind for kind, _ in yard.running}  # one of a project at a time
        free = [kind for kind in waiting[:len(KINDS) * 2] if kind not in busy]
        if len(yard.running) < at_once and free:
            waiting.remove(free[0])
            yard.start(free[0])
            continue
        yard.look()
        if yard.ended >= last + 50:
            last = yard.ended - yard.ended % 50
            print(f"    {last} builds", file=sys.stderr, flush=True)
        time.sleep(0.05)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=1000)
    options.add_argument("--at-once", type=int, default=2)
    options = options.parse_args()
    git = GitServer()
    berth = Berth("--allow-nets", f"127.0.0.1/32:{git.port}", "--build-memory-mb", "256",
                  "--build-disk-mb", "128", "--build-processes", "96")
    try:
        berth.start().set_up()
        for kind, (script, _) in KINDS.items():
            url = git.repository(f"s-{kind}", repository(script))
            done = berth.berth("import", url, "--name", f"s-{kind}", "--json", "--no-input",
                               "--output", "dist", "--no-wait")
            assert berth.http("GET", f"/api/v1/projects/s-{kind}").status == 200, done.stderr
        warm = Yard(berth)
        for kind in KINDS:
            items = berth.api("GET", f"/projects/s-{kind}/deployments")["items"]
            warm.running += [(kind, item["id"]) for item in items]
        # What the first build of a project keeps, its second one uses: a few such volumes stay mounted for the next.
        build_all(warm, list(KINDS), options.at_once)
        wait_until("the sandboxes of the first builds to be gone",
                   lambda: not leftovers.sandbox_processes(), 30)
        before = settled(berth)
        yard = Yard(berth)
        begun = time.monotonic()
        kinds = list(KINDS)
        build_all(yard, [kinds[i % len(kinds)] for i in range(options.count)], options.at_once)
        took = time.monotonic() - begun
        after = settled(berth, before)
    finally:
        berth.close()
        git.close()
    print(f"{yard.ended} builds of {len(KINDS)} kinds in {took:.0f} s")
    grown = 0
    for what, number in before.items():
        more = after[what] - number
        grown += more > 0
        print(f"{'MORE' if more > 0 else 'ok  '} {what}: {number} before, {after[what]} after")
    for line in yard.wrong[:20]:
        print("WRONG END", line)
    failed = grown + len(yard.wrong)
    print(f"{len(before) + yard.ended - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
