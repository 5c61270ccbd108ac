"""`berth build`: the worker's sandbox on a directory of this machine."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import leftovers
from berth import BINARY, ROOT, wait_until
from gitserver import run
from shared import Journey
from test_npm import small_package, vite_template

FIRST_UID = 0x50000000  # of the sandboxes of `berth build`
LAST_UID = 0x5fffffff


class LocalBuild(Journey):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(tempfile.mkdtemp(prefix="berth-journey-local-"))
        cls.data = cls.folder / "data"  # shared: toolchains are fetched once
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    def directory(self, name, files, git=True):
        top = self.folder / name
        for path, content in files.items():
            target = top / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        if git:
            run("git", "init", "-q", "-b", "main", top)
            run("git", "add", "-A", "-f", cwd=top)
            run("git", "commit", "-q", "-m", "A change", cwd=top)
        return top

    def start(self, *words, data=None, **more):
        environment = {"PATH": f"{ROOT}/build/toolchain/node/bin:" + os.environ["PATH"],
                       "HOME": os.environ["HOME"], "LANG": "C.UTF-8"}
        return subprocess.Popen([BINARY, "build", *map(str, words), "--data", data or self.data],
                                env=environment, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def build(self, *words, **more):
        started = self.start(*words, **more)
        try:
            out, errors = started.communicate(timeout=400)
        except subprocess.TimeoutExpired:
            started.terminate()
            raise
        return subprocess.CompletedProcess(started.args, started.returncode, out, errors)

    def nothing_is_left(self):
        def left():
            found = {
                "processes": [line for line in leftovers.sandbox_processes(FIRST_UID)
                              if self.is_of_local_builds(line)],
                "children": leftovers.processes_of(str(self.folder)),
                "loop devices": self.loop_devices(),
                "mounts": leftovers.mounts(self.folder),
                "cgroups": leftovers.cgroups(self.instance()),
                "run directory": [p for p in Path("/run/berth").glob(self.instance())],
                "scratch": list((self.data / "worker/scratch").glob("*")),
                "beside the output": list(self.folder.glob("*/.berth/.output-*")),
            }
            return {kind: what for kind, what in found.items() if what}

        self.assertEqual(left(), {})

    def loop_devices(self):
        """Those of others that run beside us are not meant."""
        return [line for line in leftovers.loop_devices(self.folder) if str(self.folder) in line]

    def instance(self):
        return "build-" + hashlib.sha256(str(self.data).encode()).hexdigest()[:12]

    @staticmethod
    def is_of_local_builds(line):
        try:
            status = Path("/proc", line.split()[0], "status").read_text()
            return FIRST_UID <= int(status.split("Uid:")[1].split()[0]) <= LAST_UID
        except (OSError, IndexError):
            return False

    def test_a_vite_project_is_built_and_the_second_time_is_warm(self):
        top = self.directory("vite", vite_template())
        first = self.build(top, "--json")
        self.assertEqual(first.returncode, 0, first.stderr)
        said = json.loads(first.stdout)
        self.assertEqual((said["state"], said["framework"]), ("ready", "vite"))
        output = Path(said["output"])
        self.assertEqual(output, top / ".berth/output")
        self.assertIn('<div id="root">', (output / "index.html").read_text())
        self.assertTrue(list((output / "assets").glob("*.js")))
        self.assertEqual([step["name"] for step in said["steps"]],
                         ["prepare", "clone", "install", "build", "publish"])
        self.assertNotIn("\x1b", first.stderr)
        self.assertEqual(run("git", "status", "--porcelain", cwd=top), "")

        # What is not committed is built too.
        (top / "public").mkdir(exist_ok=True)
        (top / "public/new.txt").write_text("not committed")
        second = self.build(top)
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertEqual(second.stdout, f"{output}\n")
        self.assertIn("Packages have not changed since an earlier build", second.stderr)
        self.assertEqual((output / "new.txt").read_text(), "not committed")
        self.nothing_is_left()

    def test_the_log_is_that_of_a_deployment(self):
        files = {"package.json": small_package("mkdir -p dist && echo a > dist/index.html"
                                               " && echo to both", dependencies={"is-number": "7.0.0"})}
        made, done = self.berth.imported(self.git.repository("both", files), "both", timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        local = self.build(self.directory("both", files), data=self.folder / "cold")
        self.assertEqual(local.returncode, 0, local.stderr)

        def compared(text):
            lines = [re.sub(r"\d+(\.\d+)? ?m?s\b", "TIME", line) for line in text.splitlines()]
            # Where the source comes from differs, as does whether tools were there already.
            begin, end = lines.index("Plan"), lines.index("Ready")
            return [line for line in lines[begin:end + 1]
                    if not line.startswith(("== ", "Installing node", "Installing npm"))]

        self.assertEqual(compared(local.stderr), compared(self.berth.log_text(made["id"])))

    def test_a_failing_build_says_where_and_why_as_a_deployment_does(self):
        script = "echo 'src/a.ts: error TS2304: Cannot find name' >&2; exit 3"
        top = self.directory("failing", {"package.json": small_package(script)})
        told = self.build(top, "--json")
        self.assertEqual(told.returncode, 5, told.stderr)
        said = json.loads(told.stdout)
        self.assertEqual((said["state"], said["reason"], said["exit_code"]),
                         ("failed", "build_failed", 3))
        self.assertIn("TS2304", said["first_error"])
        self.assertTrue(said["next_step"])
        self.assertIsNone(said["output"])
        problem = json.loads(told.stderr.splitlines()[-1])
        self.assertEqual((problem["code"], problem["exit_code"]), ("build_failed", 5))
        self.assertFalse((top / ".berth/output").exists())
        self.nothing_is_left()

    def test_settings_and_variables_and_a_secret_that_stays_one(self):
        top = self.directory("settings", {"package.json": small_package("exit 1"),
                                          ".env.build": "FROM_FILE='a file'\nBOTH=file\n"})
        told = self.build(
            top, "--build-command", "mkdir www && echo said $SECRET,$FROM_FILE,$BOTH && "
            "echo $PUBLIC > www/index.html", "--output-directory", "www",
            "--env", "SECRET=correct-horse-battery", "--plain-env", "PUBLIC=https://api.example",
            "--env-file", top / ".env.build", "-e", "BOTH=the flag wins",
            "--output", self.folder / "elsewhere")
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertNotIn("correct-horse-battery", told.stdout + told.stderr)
        self.assertIn("said ***,***,***", told.stderr)
        self.assertEqual((self.folder / "elsewhere/index.html").read_text(),
                         "https://api.example\n")
        leaked = self.build(top, "--build-command", "mkdir www; echo $SECRET > www/index.html",
                            "--output-directory", "www", "-e", "SECRET=correct-horse-battery",
                            "--json")
        self.assertEqual(leaked.returncode, 5, leaked.stderr)
        self.assertEqual(json.loads(leaked.stdout)["reason"], "secret_in_output")

    def test_a_plain_directory_of_somebody_else(self):
        top = self.directory("plain", {"index.html": "<h1>plain</h1>", "a/b.txt": "b",
                                       "node_modules/x.js": "x"}, git=False)
        for path in [self.folder, *top.rglob("*"), top]:
            os.chown(path, 1234, 1234)
        os.chmod(self.folder, 0o755)
        told = self.build(top)
        self.assertEqual(told.returncode, 0, told.stderr)
        output = top / ".berth/output"
        self.assertEqual(sorted(str(p.relative_to(output)) for p in output.rglob("*.*")),
                         [".berth-output", "a/b.txt", "index.html"])
        owners = {os.lstat(path).st_uid for path in [top / ".berth", *(top / ".berth").rglob("*")]}
        self.assertEqual(owners, {1234})
        self.nothing_is_left()

    def test_a_link_of_the_repository_is_not_followed(self):
        top = self.directory("linked", {"index.html": "x"})
        (self.folder / "target").mkdir()
        (top / ".berth").symlink_to(self.folder / "target")
        told = self.build(top, "--json")
        self.assertEqual(told.returncode, 7, told.stderr)
        self.assertEqual(json.loads(told.stderr.splitlines()[-1])["code"], "output_through_link")
        self.assertEqual(list((self.folder / "target").iterdir()), [])

    def test_a_canceled_build_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            top = self.directory("slow", {"package.json": small_package("sleep 4321 & sleep 4321")},
                                 git=False)
            started = self.start(top, start_new_session=True)
            for line in started.stderr:
                if line.startswith("> sleep"):
                    break
            started.send_signal(number)  # only to the first of its processes
            out, errors = started.communicate(timeout=60)
            self.assertEqual(started.returncode, 130, errors)
            self.assertEqual(out, "")
            self.assertIn("interrupted; the build was canceled", errors)
            self.nothing_is_left()

    def test_a_time_limit_cancels_it_and_so_does_a_terminal_that_goes_away(self):
        top = self.directory("limited", {"package.json": small_package("sleep 4321")}, git=False)
        late = self.build(top, "--timeout", "8s")
        self.assertEqual(late.returncode, 6, late.stderr)
        self.nothing_is_left()

        started = self.start(top, start_new_session=True)
        for line in started.stderr:
            if line.startswith("> sleep"):
                break
        started.kill()  # nobody is there any more to put things away in order
        started.communicate(timeout=60)
        wait_until("the others notice", lambda: not leftovers.cgroups(self.instance())
                   and not self.loop_devices(), seconds=30)
        wait_until("its processes are gone", lambda: not [
            line for line in leftovers.sandbox_processes(FIRST_UID) if self.is_of_local_builds(line)],
            seconds=30)

    def test_two_at_once_take_turns(self):
        top = self.directory("two", {"package.json": small_package(
            "sleep 2; mkdir dist; echo two > dist/index.html")})
        both = [self.start(top), self.start(top)]
        said = [one.communicate(timeout=300) for one in both]
        self.assertEqual([one.returncode for one in both], [0, 0], said)
        self.assertEqual(sum("Waiting for another berth build" in errors for _, errors in said), 1)
        self.assertEqual((top / ".berth/output/index.html").read_text(), "two\n")
        self.nothing_is_left()

    def test_without_root_and_without_ids_to_give_nothing_is_built(self):
        top = self.directory("rootless", {"index.html": "x"}, git=False)
        binary = self.folder / "berth"  # where nobody else can see it
        shutil.copy(BINARY, binary)
        os.chmod(self.folder, 0o755)
        told = subprocess.run([binary, "build", top, "--json"], capture_output=True, text=True,
                              timeout=60, user=65534, group=65534, extra_groups=[],
                              env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
        binary.unlink()
        self.assertEqual(told.returncode, 1, told.stderr)
        problem = json.loads(told.stderr.splitlines()[-1])
        self.assertEqual(problem["code"], "no_sandbox")
        said = json.dumps(problem["next"])
        for words in ("usermod --add-subuids", "sudo berth build", "berth doctor"):
            self.assertIn(words, said)
        self.assertFalse((top / ".berth").exists())


if __name__ == "__main__":
    unittest.main()
