"""The binary is replaced while visitors, a build and its readers are there; nobody notices."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import berth as instance
from berth import BINARY, ROOT, Berth, free_port, wait_until
from shared import git
from test_recovery import slow_build
from test_tls import certificate

UPGRADES = 3
TEXT = "<h1>always there</h1>\n"


class UpgradableBerth(Berth):
    """Started from a binary of its own, which may be replaced."""

    def __init__(self, *options):
        super().__init__(*options)
        self.binary = self.folder / "program/berth"
        self.binary.parent.mkdir()
        shutil.copy2(BINARY, self.binary)

    def _start(self):
        theirs, instance.BINARY = instance.BINARY, self.binary
        try:
            return super()._start()
        finally:
            instance.BINARY = theirs

    def put(self, content, mode=0o755):
        """Another program at the path, moved into place as a package does."""
        beside = self.binary.with_suffix(".new")
        beside.write_bytes(content)
        beside.chmod(mode)
        beside.rename(self.binary)

    def put_version(self, version):
        old = self.version
        assert len(old) == len(version)
        self.put(BINARY.read_bytes().replace(old.encode(), version.encode()))

    @property
    def version(self):
        said = subprocess.run([BINARY, "version"], capture_output=True, text=True, check=True)
        return said.stdout.split()[1]

    def serving(self):
        """The files whose programs supervisor, edge and api are."""
        roles = self.roles()
        return {os.stat(f"/proc/{pid}/exe").st_ino
                for pid in (self.process.pid, roles["edge"], roles["api"])}

    def is_new(self):
        return self.serving() == {self.binary.stat().st_ino}

    def upgrade(self, *options):
        return subprocess.run([BINARY, "upgrade", "--data", self.data, *options],
                              capture_output=True, text=True, timeout=320)


class Visitors:
    """The process of visitors.mjs."""

    def __init__(self, berth, project, deployment, tls_port):
        config = {"port": berth.port, "tls_port": tls_port, "host": f"{project}.localhost",
                  "text": TEXT, "token": berth.token, "project": project, "deployment": deployment}
        environment = dict(os.environ,
                           PATH=f"{ROOT}/build/toolchain/node/bin:" + os.environ["PATH"])
        self.process = subprocess.Popen(
            ["node", ROOT / "tests/journeys/visitors.mjs", json.dumps(config)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)

    def end(self):
        out, err = self.process.communicate(timeout=90)
        assert self.process.returncode == 0, err.decode()
        return json.loads(out)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


class Upgrade(unittest.TestCase):
    def setUp(self):
        self.git = git()
        self.certificates = Path(tempfile.mkdtemp(prefix="berth-journey-"))
        certificate(self.certificates, "all", ["localhost", "*.localhost", "site.localhost"])
        self.tls_port = free_port(29000, 29999)
        self.berth = UpgradableBerth(
            "--allow-nets", f"127.0.0.1/32:{self.git.port}", "--listen-tls",
            f"127.0.0.1:{self.tls_port}", "--cert-dir", self.certificates, "--https-redirect", "off",
            "--drain-seconds", "8")
        self.berth.options += ["--platform-url", f"http://localhost:{self.berth.port}"]
        self.berth.start().set_up()

    def tearDown(self):
        self.berth.close()
        shutil.rmtree(self.certificates)

    def deployed(self, name, files):
        url = self.git.repository("u-" + name, files)
        self.berth.api("POST", "/projects", {
            "name": name, "repo_url": url, "branch": "main",
            "output_dir": "dist" if "package.json" in files else "."})
        return self.berth.api("POST", f"/projects/{name}/deployments", {})["id"]

    def wait_for_state(self, deployment, state):
        wait_until(f"{deployment} to be {state}",
                   lambda: self.berth.deployment(deployment)["state"] == state, 60)

    def refused(self, words):
        before = self.berth.roles()
        done = self.berth.upgrade()
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn(words, done.stderr)
        self.assertIn("Nothing has changed", done.stderr)
        self.assertEqual(self.berth.roles(), before)

    def test_nobody_notices(self):
        page = self.deployed("site", {"index.html": TEXT})
        self.wait_for_state(page, "ready")
        running = self.deployed("running", slow_build(45))
        self.wait_for_state(running, "building")
        follower = subprocess.Popen(
            [BINARY, "logs", "-f", running, "--json"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, HOME=str(self.berth.home), BERTH_SERVER=self.berth.url,
                     BERTH_TOKEN=self.berth.token))
        visitors = Visitors(self.berth, "site", running, self.tls_port)
        self.addCleanup(visitors.kill)
        time.sleep(2)
        pid = self.berth.process.pid
        first = self.berth.roles()
        for number in range(1, UPGRADES + 1):
            version = f"9.9.{number}"
            before = self.berth.roles()
            self.berth.put_version(version)
            done = self.berth.upgrade()
            self.assertEqual(done.returncode, 0, done.stderr + self.berth.log_tail())
            self.assertIn(version, done.stdout)
            self.assertEqual(self.berth.process.pid, pid)
            self.assertTrue(self.berth.is_new())
            now = self.berth.roles()
            self.assertNotEqual(now["api"], before["api"])
            wait_until("the old edge to end", lambda: not alive(before["edge"]), 20)
            if number == 1:
                self.berth.put(b"#!/bin/sh\nexit 1\n")
                self.refused("`version` ended with 1")
        self.assertEqual(self.berth.roles()["worker"], first["worker"], "it builds")
        ended = self.berth.wait_for(running, 120)
        self.assertEqual(ended["state"], "ready", ended)
        wait_until("a new worker", lambda: self.berth.roles().get("worker") not in
                   (None, first["worker"]), 30)
        seen = visitors.end()
        out, err = follower.communicate(timeout=60)

        print(json.dumps({name: {key: value for key, value in what.items() if key != "lines"}
                          for name, what in seen.items()}))
        for name in ("kept", "new", "seldom", "tls_kept", "tls_new", "h2", "api_get", "api_patch"):
            with self.subTest(visitors=name):
                self.assertEqual(seen[name]["bad"], [])
                self.assertGreater(seen[name]["asked"], 20)
        self.assertGreaterEqual(seen["kept"]["closes"], UPGRADES)
        self.assertGreaterEqual(seen["h2"]["closes"], 2 * UPGRADES)

        expected = self.berth.log_text(running).splitlines()
        wanted = [f"line {i}" for i in range(1, 226)]
        self.assertEqual([line for line in expected if line.startswith("line ")], wanted)
        for name in ("socket", "events"):
            with self.subTest(follower=name):
                self.assertEqual(seen[name]["wrong"], [])
                self.assertTrue(seen[name]["ended"])
                self.assertEqual(seen[name]["lines"], expected)
        self.assertIn(1012, seen["socket"]["codes"])
        self.assertEqual(follower.returncode, 0, err)
        followed = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([line["line"] for line in followed if "line" in line],
                         list(range(len(expected))))
        # The new ones build, too.
        again = self.berth.api("POST", "/projects/site/deployments", {"reuse": False})["id"]
        self.assertEqual(self.berth.wait_for(again, 60)["state"], "ready")

    def test_what_is_not_fit_is_refused(self):
        self.berth.put(b"this is no program\n")
        self.refused(str(self.berth.binary))
        self.berth.put(BINARY.read_bytes(), 0o644)
        self.refused("cannot be run")
        self.berth.binary.unlink()
        self.refused("is not there")
        self.berth.put(BINARY.read_bytes()[:100_000])
        self.refused(str(self.berth.binary))
        self.berth.put_version("9.9.9")
        for file in self.certificates.iterdir():  # the options do not hold any more
            file.unlink()
        self.refused("`config` ended with 2")

    def test_the_edge_before_serves_on_when_the_new_one_does_not_come_up(self):
        page = self.deployed("site", {"index.html": TEXT})
        self.wait_for_state(page, "ready")
        before = self.berth.roles()
        serving = self.berth.serving()
        pid_file = self.berth.data / "edge/edge.pid"
        pid_file.unlink()
        pid_file.mkdir()  # the new edge cannot say who it is
        self.berth.put_version("9.9.9")
        done = self.berth.upgrade()
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("did not come up: the new edge has ended", done.stderr)
        self.assertEqual(self.berth.roles(), before)
        self.assertEqual(self.berth.serving(), serving)
        self.assertEqual(self.berth.site("site").text, TEXT)
        self.assertIn("upgrade failed; this Berth goes on", self.berth.log_tail())
        pid_file.rmdir()
        done = self.berth.upgrade()  # what was given back can be handed over again
        self.assertEqual(done.returncode, 0, done.stderr + self.berth.log_tail())
        self.assertTrue(self.berth.is_new())
        self.assertIn("Berth 9.9.9 serves now", done.stdout)
        self.assertEqual(self.berth.site("site").text, TEXT)

    def test_the_old_program_takes_back_what_cannot_be_prepared(self):
        before = self.berth.roles()
        subprocess.run(["python3", "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]);"
                        "c.execute('insert into schema_versions values (999, 0)'); c.commit()",
                        self.berth.data / "api/berth.sqlite"], check=True)
        self.berth.put_version("9.9.9")
        done = self.berth.upgrade("--json")
        self.assertEqual(done.returncode, 1, done.stderr)
        status = json.loads(done.stdout)
        self.assertEqual((status["state"], status["to"]), ("failed", "9.9.9"))
        self.assertIn("schema 999", self.berth.log_tail())
        self.assertEqual(self.berth.roles()["edge"], before["edge"])
        self.assertEqual(os.readlink(f"/proc/{self.berth.process.pid}/exe").split(" ")[0],
                         str(self.berth.binary))

    def test_nothing_runs_there(self):
        self.berth.stop()
        done = self.berth.upgrade()
        self.assertEqual(done.returncode, 8)
        self.assertIn("no `berth serve` runs", done.stderr)

    def test_what_is_stopped_in_the_middle_leaves_nothing(self):
        running = self.deployed("running", slow_build(30))
        self.wait_for_state(running, "building")
        before = self.berth.roles()
        self.berth.put_version("9.9.9")
        self.assertEqual(self.berth.upgrade().returncode, 0)
        after = self.berth.roles()
        self.berth.stop()
        for pid in {*before.values(), *after.values()}:
            self.assertFalse(alive(pid), pid)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
