"""Processes die; what people see does not."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import leftovers
from berth import Berth, wait_until
from shared import git
from test_failures import build

LEASE_SECONDS = 15


def slow_build(seconds, text="slow"):
    return build(f"for i in $(seq 1 {seconds * 5}); do echo line $i; sleep 0.2; done; "
                 f"mkdir -p dist; echo {text} > dist/index.html")


class Visitor(threading.Thread):
    """Asks for a page again and again; counts what was not 200."""

    def __init__(self, berth, name):
        super().__init__(daemon=True)
        self.berth, self.name_of_site = berth, name
        self.requests, self.bad = 0, []
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            try:
                answer = self.berth.site(self.name_of_site)
                if answer.status != 200:
                    self.bad.append(answer.status)
            except OSError as error:
                self.bad.append(repr(error))
            self.requests += 1
            time.sleep(0.02)

    def end(self):
        self.over.set()
        self.join(10)
        return self.requests, self.bad


class Recovery(unittest.TestCase):
    def setUp(self):
        self.git = git()
        self.berth = Berth("--allow-nets", f"127.0.0.1/32:{self.git.port}")
        self.berth.start().set_up()
        self.instance = None

    def tearDown(self):
        self.berth.close()

    def project(self, name, files):
        url = self.git.repository("r-" + name, files)
        self.berth.api("POST", "/projects", {"name": name, "repo_url": url, "branch": "main",
                                             "output_dir": "dist" if "package.json" in files else "."})
        return self.berth.api("POST", f"/projects/{name}/deployments", {})["id"]

    def wait_for_state(self, deployment, states, seconds=60):
        def reached():
            found = self.berth.deployment(deployment)
            return found if found["state"] in states else None
        return wait_until(f"{deployment} in {states}", reached, seconds)

    def kill(self, role):
        pid = self.berth.roles()[role]
        os.kill(pid, signal.SIGKILL)
        wait_until(f"another {role}", lambda: self.berth.roles().get(role, pid) != pid, 15)

    def test_any_role_may_be_killed_while_a_build_runs(self):
        site = self.project("site", {"index.html": "served"})
        self.wait_for_state(site, {"ready"})
        visitor = Visitor(self.berth, "site")
        visitor.start()
        project = self.project("victim", slow_build(8))
        self.wait_for_state(project, {"building"})
        for role in ("api", "launcher", "worker"):
            with self.subTest(role=role):
                deployment = project
                self.kill(role)
                wait_until("ready again", self.berth.is_ready, 20)
                begin = time.monotonic()
                ended = self.berth.wait_for(deployment, LEASE_SECONDS + 25)
                self.assertIn(ended["state"], ("ready", "failed"))
                if role == "api":  # the build goes on, the log has no gap
                    self.assertEqual(ended["state"], "ready", ended)
                    lines = [l for l in self.berth.log_text(deployment).splitlines()
                             if l.startswith("line ")]
                    self.assertEqual(lines, [f"line {i}" for i in range(1, 41)])
                elif ended["state"] == "failed":
                    self.assertTrue(ended["reason"] in ("lost_worker", "internal"), ended)
                    self.assertLess(time.monotonic() - begin, LEASE_SECONDS + 5)
                wait_until("sandboxes to be gone", lambda: not leftovers.sandbox_processes(), 15)
                project = self.berth.api("POST", "/projects/victim/deployments", {"reuse": False})["id"]
                self.wait_for_state(project, {"building"})
        self.kill("edge")
        requests, bad = visitor.end()
        self.assertGreater(requests, 100)
        self.assertLessEqual(len(bad), 3, bad)  # what the killed edge itself had in hand
        self.assertEqual(self.berth.site("site").text, "served")
        self.assertEqual(self.berth.wait_for(project, 60)["state"], "ready")

    def test_the_edge_outlives_a_killed_supervisor_and_is_replaced_without_a_loss(self):
        site = self.project("site", {"index.html": "served"})
        self.wait_for_state(site, {"ready"})
        running = self.project("running", slow_build(10))
        self.wait_for_state(running, {"building"})
        visitor = Visitor(self.berth, "site")
        visitor.start()
        os.kill(self.berth.process.pid, signal.SIGKILL)
        self.berth.process.wait(10)
        time.sleep(1)
        self.assertEqual(self.berth.site("site").text, "served")
        wait_until("sandboxes to die with the launcher", lambda: not leftovers.sandbox_processes(), 15)
        self.berth.start()
        ended = self.berth.wait_for(running, LEASE_SECONDS + 10)
        self.assertIn(ended["state"], ("failed", "ready"))
        time.sleep(2)
        requests, bad = visitor.end()
        self.assertEqual(bad, [])
        self.assertGreater(requests, 50)

    def test_nothing_is_left_after_the_end(self):
        running = self.project("running", slow_build(20))
        self.wait_for_state(running, {"building"})
        launcher = self.berth.roles()["launcher"]
        mounts = open(f"/proc/{launcher}/mountinfo").read()
        instance = re.search(r"/run/berth/(ins_\w+)", mounts).group(1)
        wait_until("the build to run", leftovers.sandbox_processes, 20)
        self.assertTrue(leftovers.cgroups(instance), "a build has a cgroup")
        self.berth.stop()
        try:
            wait_until("nothing to be left",
                       lambda: not leftovers.after_stop(self.berth, instance), 20)
        except AssertionError:
            self.assertEqual(leftovers.after_stop(self.berth, instance), {})

    def test_cancel_ends_the_process_tree_within_10_seconds(self):
        running = self.project("running", build(
            "sh -c 'trap \"\" TERM INT HUP; while :; do sleep 1; done' & while :; do sleep 1; done"))
        self.wait_for_state(running, {"building"})
        wait_until("the build to run", leftovers.sandbox_processes, 20)
        begin = time.monotonic()
        done = self.berth.berth("deployments", "cancel", running)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.berth.wait_for(running, 12)["state"], "canceled")
        wait_until("its processes to be gone", lambda: not leftovers.sandbox_processes(), 10)
        self.assertLess(time.monotonic() - begin, 10)

    def test_a_newer_deployment_supersedes(self):
        first = self.project("twice", slow_build(30))
        self.wait_for_state(first, {"building"})
        self.git.commit("r-twice", build("mkdir -p dist; echo new > dist/index.html"))
        second = self.berth.api("POST", "/projects/twice/deployments", {})["id"]
        self.assertEqual(self.berth.wait_for(first, 20)["state"], "superseded")
        self.assertEqual(self.berth.wait_for(second, 60)["state"], "ready")
        self.assertEqual(self.berth.site("twice").text, "new\n")

    def test_a_redeploy_needs_no_clone_and_no_repository(self):
        first = self.project("again", {"index.html": "kept"})
        self.assertEqual(self.wait_for_state(first, {"ready", "failed"})["state"], "ready")
        (self.git.dir / "repos/r-again.git").rename(self.git.dir / "repos/gone.git")
        try:
            second = self.berth.api("POST", f"/deployments/{first}/redeploy", {})["id"]
            ended = self.berth.wait_for(second, 60)
            self.assertEqual(ended["state"], "ready", ended)
        finally:
            (self.git.dir / "repos/gone.git").rename(self.git.dir / "repos/r-again.git")


class Beginnings(unittest.TestCase):
    """What `berth serve` refuses, in words."""

    def run_serve(self, *options):
        from berth import BINARY
        # `timeout` sends TERM: a supervisor that is killed outright leaves its edge to serve on.
        return subprocess.run(["timeout", "30", BINARY, "serve", *map(str, options)],
                              capture_output=True, text=True, timeout=60)

    def test_a_second_serve_on_the_same_data(self):
        berth = Berth().start()
        try:
            done = self.run_serve("--data", berth.data, "--listen", "127.0.0.1:24001")
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"pid {berth.process.pid}", done.stderr)
            self.assertIn("--data", done.stderr)
            done = self.run_serve("--data", berth.folder / "other", "--listen",
                                  f"127.0.0.1:{berth.port}")
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"port {berth.port}", done.stderr)
        finally:
            berth.close()

    def test_a_data_directory_of_a_newer_version(self):
        berth = Berth().start()
        try:
            berth.stop()
            subprocess.run(["python3", "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]);"
                            "c.execute('insert into schema_versions values (999, 0)'); c.commit()",
                            berth.data / "api/berth.sqlite"], check=True)
            done = self.run_serve("--data", berth.data, "--listen", f"127.0.0.1:{berth.port}")
            self.assertEqual(done.returncode, 1)
            self.assertIn("schema 999", done.stderr)
        finally:
            berth.close()

    def test_database_and_objects_in_places_of_their_own(self):
        git().repository("elsewhere", {"index.html": "kept elsewhere"})
        berth = Berth("--allow-nets", f"127.0.0.1/32:{git().port}")
        places = berth.folder / "places"
        berth.environment = {"BERTH_DATABASE": f"sqlite:{places}/truth/berth.db",
                             "BERTH_OBJECTS": f"file:{places}/objects"}
        try:
            berth.start().set_up()
            berth.imported(git().url("elsewhere"), "elsewhere")
            self.assertEqual(berth.site("elsewhere").text, "kept elsewhere")
            self.assertTrue((places / "truth/berth.db").exists())
            self.assertTrue(list((places / "objects/public/manifests").iterdir()))
            self.assertFalse((berth.data / "api/berth.sqlite").exists())
            self.assertFalse((berth.data / "objects").exists())
        finally:
            berth.close()

    def test_a_place_that_others_use_is_not_taken_over(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "theirs").write_text("keep out")
            before = os.stat(folder)
            done = self.run_serve("--data", f"{folder}-data", "--listen", "127.0.0.1:24001",
                                  "--database", f"sqlite:{folder}/berth.db")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("a directory of its own", done.stderr)
            self.assertEqual((before.st_uid, before.st_mode),
                             (os.stat(folder).st_uid, os.stat(folder).st_mode))
        shutil.rmtree(f"{folder}-data")

    def test_bad_options(self):
        for options, word in ((["--no-such", "x"], "--no-such"), (["--listen", "nowhere"], "nowhere"),
                              (["--builds", "many"], "many"), (["--allow-nets", "everything"], "everything"),
                              (["--database", "postgres://berth@db/berth"], "postgres is not there yet"),
                              (["--engine", "docker"], "docker is not there yet")):
            done = self.run_serve("--data", "/tmp/berth-never-made", *options)
            self.assertEqual(done.returncode, 2, (options, done.stderr))
            self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
