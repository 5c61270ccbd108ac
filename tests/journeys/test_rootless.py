"""Berth as an ordinary user: it builds, in sandboxes whose processes are neither root's nor its own,
says what holds less than as root, and leaves nothing."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import as_user
import leftovers
import shared
from berth import BINARY, ROOT, Berth, wait_until
from test_npm import small_package

OURS = range(as_user.FIRST_ID, as_user.FIRST_ID + as_user.IDS)


def before(without="-"):
    return lambda folder: [sys.executable, str(Path(as_user.__file__)), str(folder), without]


def registry():
    npm = ROOT / "build/toolchain/node/bin/npm"
    return subprocess.run([npm, "config", "get", "registry"], capture_output=True, text=True,
                          check=True, cwd="/").stdout.strip()


def processes():
    """(pid, parent, every user and group, pid namespace) of each; those of others have no last."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            lines = (entry / "status").read_text().splitlines()
            fields = dict(line.split(":", 1) for line in lines)
            ids = [int(word) for key in ("Uid", "Gid", "Groups") for word in fields[key].split()]
            yield int(entry.name), int(fields["PPid"]), ids, os.readlink(entry / "ns/pid")
        except (OSError, KeyError, ValueError):
            continue


def below(ancestor):
    """Processes that descend from one."""
    table = {pid: (parent, ids, space) for pid, parent, ids, space in processes()}
    found = {}
    for pid, (parent, ids, space) in table.items():
        while parent in table and parent != ancestor:
            parent = table[parent][0]
        if parent == ancestor:
            found[pid] = (ids, space)
    return found


def with_our_ids():
    return [pid for pid, _, ids, _ in processes() if any(i in OURS for i in ids)]


def is_built(word):
    """Whether a sandbox runs a command with that word."""
    for pid in with_our_ids():
        try:
            if word in Path(f"/proc/{pid}/cmdline").read_bytes():
                return True
        except OSError:
            continue  # gone
    return False


class Witness(threading.Thread):
    """What runs in sandboxes below a process, seen from outside, until `done`."""

    def __init__(self, supervisor):
        super().__init__(daemon=True)
        self.supervisor, self.done = supervisor, threading.Event()
        self.seen, self.strangers = 0, []
        self.host = os.readlink("/proc/self/ns/pid")

    def run(self):
        while not self.done.is_set():
            for pid, (ids, space) in below(self.supervisor).items():
                if space == self.host:
                    continue  # Berth's own, and helpers of the launcher
                self.seen += 1
                if any(i not in OURS for i in ids):
                    self.strangers.append((pid, ids))
            time.sleep(0.02)


class Door(threading.Thread):
    """A service of the host's on every address it has."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("0.0.0.0", 0))
        self.port, self.guests = self.socket.getsockname()[1], []

    def run(self):
        while True:
            try:
                guest, place = self.socket.accept()
            except OSError:
                return
            self.guests.append(place)
            guest.close()


class Rootless(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.git = shared.git()
        cls.berth = Berth("--allow-nets", f"127.0.0.1/32:{cls.git.port}", "--npm-registry",
                          registry(), "--build-memory-mb", "512", "--build-disk-mb", "600",
                          "--build-processes", "200", before=before())
        cls.addClassCleanup(cls.berth.close)
        cls.berth.start().set_up()

    def built(self, name, files):
        made, done = self.berth.imported(self.git.repository(name, files), name, timeout=300)
        self.assertIsNotNone(made, done.stderr + self.berth.log_tail())
        return made, done

    def failed(self, name, script, reason):
        made, done = self.built(name, {"package.json": small_package(script)})
        self.assertEqual((made["state"], made["reason"]), ("failed", reason),
                         self.berth.log_text(made["id"])[-2000:] + self.berth.log_tail())
        self.assertEqual(done.returncode, 5, done.stderr)

    def test_a_site_is_built_by_nobody_but_subordinate_ids_and_served(self):
        witness = Witness(self.berth.process.pid)
        witness.start()
        files = {"package.json": small_package(
            "mkdir dist && cat /proc/self/uid_map >dist/map.txt && sleep 1 && "
            "node -p '`<h1>${require(\"is-number\")(7)}</h1>`' >dist/index.html",
            dependencies={"is-number": "7.0.0"})}
        made, done = self.built("plainly", files)
        witness.done.set()
        self.assertEqual((made["state"], done.returncode), ("ready", 0),
                         done.stderr + self.berth.log_tail())
        self.assertIn("<h1>true</h1>", self.berth.site("plainly").text)
        outer = [int(line.split()[1]) for line in
                 self.berth.site("plainly", "/map.txt").text.splitlines()]
        self.assertEqual(len(outer), 2)
        self.assertNotIn(0, outer)  # of the launcher's namespace: the user
        self.assertGreater(witness.seen, 20)
        self.assertEqual(witness.strangers, [])

        # The second time from the snapshot of the first: a directory, mounted in an overlay.
        self.git.commit("plainly", {**files, "README": "a change"}, message="Second")
        again = self.berth.berth("deploy", "-p", "plainly", "--json")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("Packages have not changed since an earlier build", again.stderr)

    def test_greedy_builds_end_with_their_reason(self):
        hog = "let a = []; for (;;) a.push(Buffer.alloc(16 << 20, 1))"
        self.failed("hog", f"node -e '{hog}'; echo on", "out_of_memory")
        bomb = "1 while defined fork; sleep 60"
        self.failed("bomb", f"perl -e '{bomb}'", "too_many_processes")
        self.failed("filler", "mkdir d; i=0; while :; do head -c 20M /dev/zero >d/$i; i=$((i+1)); "
                    "done", "disk_full")
        self.failed("large", "head -c 2G /dev/zero >x; sleep 60", "disk_full")
        self.assertEqual(self.berth.roles().keys() >= {"api", "launcher", "worker", "edge"}, True)

    def test_a_service_of_the_host_is_not_reached(self):
        door = Door()
        door.start()
        self.addCleanup(door.socket.close)
        own = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
        targets = ["127.0.0.1", "10.213.71.2", *[a for a in own if "." in a]]
        knock = "".join(
            f"(exec 3<>/dev/tcp/{target}/{door.port}) 2>/dev/null && echo {target} >>reached; "
            for target in targets)
        made, done = self.built("knock", {"package.json": small_package(
            f"mkdir dist; echo none >dist/index.html; touch reached; timeout 60 bash -c '{knock}'; "
            "cp reached dist/reached.txt")})
        self.assertEqual(made["state"], "ready", done.stderr)
        self.assertEqual(self.berth.site("knock", "/reached.txt").text, "")
        self.assertEqual(door.guests, [])

    def test_a_launcher_that_is_killed_takes_its_builds_along_and_comes_back(self):
        url = self.git.repository("killed", {"package.json": small_package("sleep 4242")})
        importing = threading.Thread(target=self.berth.imported, args=(url, "killed"))
        importing.start()
        wait_until("the build", lambda: is_built(b"4242"), 60)
        before_it = self.berth.roles()["launcher"]
        os.kill(before_it, signal.SIGKILL)
        wait_until("the build to be gone", lambda: not with_our_ids(), 10)
        wait_until("another launcher", lambda: self.berth.roles().get("launcher") not in (
            None, before_it), 10)
        importing.join(120)
        [made] = self.berth.api("GET", "/projects/killed/deployments")["items"]
        self.assertEqual(made["state"], "failed", made)
        again, done = self.built("afterwards", {"package.json": small_package(
            "mkdir dist; echo after >dist/index.html")})
        self.assertEqual(again["state"], "ready", done.stderr)

    def test_it_says_what_holds_less_and_leaves_nothing(self):
        berth = Berth(before=before())
        self.addCleanup(berth.close)
        berth.start()
        said = berth.log_tail(200)
        for words in ("processor time of a build is not limited", "not held by the",
                      "start Berth as root"):
            self.assertIn(words, said)
        everybody = below(berth.process.pid)
        self.assertTrue(everybody)
        mounted = Path(f"/proc/{berth.roles()['launcher']}/mountinfo").read_text()
        self.assertIn(" /mnt ", mounted)  # its own view
        berth.stop()

        def left():
            return [pid for pid in everybody if Path(f"/proc/{pid}").exists()]

        wait_until("everybody to be gone", lambda: not left(), 10)
        self.assertEqual(leftovers.mounts(berth.data), [])
        self.assertNotIn(" /mnt ", Path("/proc/self/mountinfo").read_text())
        self.assertEqual(list((berth.data / "launcher/volumes").iterdir()), [])

    def test_nothing_of_it_outlives_a_supervisor_that_is_killed_but_the_edge(self):
        berth = Berth(before=before())
        self.addCleanup(berth.close)
        berth.start()
        others = {role: pid for role, pid in berth.roles().items() if role != "edge"}
        self.assertIn("launcher", others)
        berth.process.kill()
        berth.process.wait()
        wait_until("its roles to be gone", lambda: not [
            pid for pid in others.values() if Path(f"/proc/{pid}").exists()], 10)

    def test_what_is_missing_is_said_with_its_remedy_and_the_rest_runs(self):
        for without, words in (("subuids", "usermod --add-subuids 100000-165535 berth-user"),
                               ("tun", "chmod 0666 /dev/net/tun")):
            berth = Berth(before=before(without))
            self.addCleanup(berth.close)
            berth.start()
            said = berth.log_tail(200)
            self.assertIn(words, said)
            self.assertIn("nothing is built on this machine", said)
            self.assertEqual(sorted(berth.roles()), ["api", "edge"])
            berth.stop()

    def as_user(self, *words, without="-", timeout=300):
        folder = Path(tempfile.mkdtemp(prefix="berth-journey-user-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        (folder / "home").mkdir()
        top = folder / "site"
        top.mkdir()
        (top / "package.json").write_text(small_package("mkdir dist; echo mine >dist/index.html"))
        os.chown(top / "package.json", as_user.UID, as_user.UID)
        done = subprocess.run([*before(without)(folder), BINARY, *(word.replace("{top}", str(top)) for word in words)], text=True,
                              capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                                   "BERTH_NPM_REGISTRY": registry()})
        return top, done

    def test_doctor_tries_the_promises_as_the_user(self):
        _, done = self.as_user("doctor", "--json")
        report = json.loads(done.stdout)
        states = {promise["id"]: promise["state"] for promise in report["promises"]}
        self.assertEqual(states.pop("I6"), "in_part", report)
        self.assertEqual(set(states.values()), {"holds"}, report)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(list(Path("/tmp").glob("berth-doctor-*")), [])

        _, lacking = self.as_user("doctor", "--json", without="subuids")
        report = json.loads(lacking.stdout)
        self.assertFalse(report["ok"])
        self.assertIn("usermod", json.dumps(report["items"]))
        self.assertEqual(lacking.returncode, 1)

    def test_a_directory_is_built_by_the_user(self):
        top, done = self.as_user("build", "{top}", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((top / ".berth/output/index.html").read_text(), "mine\n")
        self.assertEqual((top / ".berth/output/index.html").stat().st_uid, as_user.UID)


if __name__ == "__main__":
    unittest.main()
