"""`git push berth main`: Berth as a Git remote, with real git clients."""

import contextlib
import os
import select
import signal
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from berth import BINARY, Berth, wait_until
from shared import Journey

PAGE = "<!doctype html><title>Pushed</title><h1>{}</h1>\n"


class Clone:
    """A working copy with a remote `berth`."""

    def __init__(self, berth, project, token=None):
        self.berth = berth
        self.root = Path(tempfile.mkdtemp(prefix="berth-clone-"))
        self.path = self.root / project
        self.path.mkdir()
        self.token = token or berth.token
        self.url = f"{berth.url}/git/default/{project}.git"
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "berth", self.address())

    def address(self, token=None):
        return self.url.replace("://", f"://berth:{token or self.token}@")

    def run(self, *words, timeout=300, **more):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LC_ALL": "C.UTF-8",
                       "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0",
                       "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
                       "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com"}
        return subprocess.run(["git", *map(str, words)], cwd=self.path, env=environment,
                              capture_output=True, text=True, timeout=timeout, **more)

    def git(self, *words):
        done = self.run(*words)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout.strip()

    def commit(self, files, message="A change"):
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_text(content)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def push(self, *words, **more):
        return self.run("push", *(words or ("berth", "main")), **more)

    def close(self):
        shutil.rmtree(self.root, ignore_errors=True)


def remote_lines(done):
    return [line.removeprefix("remote: ").rstrip() for line in done.stderr.splitlines()
            if line.startswith("remote: ")]


class GitRemote(Journey):
    def clone(self, project, make=True, token=None):
        if make:
            self.berth.api("POST", "/projects", {"name": project})
        made = Clone(self.berth, project, token)
        self.addCleanup(made.close)
        return made

    def deployments(self, project):
        return self.berth.api("GET", f"/projects/{project}/deployments")["items"]

    def token(self, scope, project=None):
        bound = ["--project", project] if project else []
        made = self.berth.berth("tokens", "create", "--name", f"t-{scope}", "--scope", scope, *bound)
        self.assertEqual(made.returncode, 0, made.stderr)
        return made.stdout.strip()

    def send_until_answered(self, project, size):
        """The status of a push that says it has that size, of which no more is sent than is taken."""
        head = (f"POST /git/default/{project}.git/git-receive-pack HTTP/1.1\r\n"
                f"Host: localhost:{self.berth.port}\r\nContent-Length: {size}\r\n"
                f"Authorization: Bearer {self.berth.token}\r\n"
                "Content-Type: application/x-git-receive-pack-request\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.berth.port), timeout=60) as peer:
            peer.sendall(head.encode())
            sent = 0
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                while sent < size and not select.select([peer], [], [], 0)[0]:
                    sent += peer.send(b" " * min(2**16, size - sent))
            self.assertLess(sent, 64 << 20)
            return int(peer.recv(4096).split()[1])

    def test_a_push_goes_live_and_says_so(self):
        clone = self.clone("quay")
        commit = clone.commit({"index.html": PAGE.format("one"), "export.txt": "kept",
                               ".gitattributes": "export.txt export-ignore\n",
                               ".vercelignore": "notes.md\n", "notes.md": "left out"}, "First")
        done = clone.push()
        self.assertEqual(done.returncode, 0, done.stderr)
        said = "\n".join(remote_lines(done))
        self.assertIn("is a deployment to production", said)
        self.assertIn(f"Ready: http://quay.localhost:{self.berth.port}", said)
        self.assertIn("one", self.berth.site("quay").text)
        self.assertEqual(self.berth.site("quay", "/export.txt").text, "kept")
        self.assertEqual(self.berth.site("quay", "/notes.md").status, 404)
        made = self.deployments("quay")[0]
        self.assertEqual((made["commit"], made["source"], made["trigger"], made["message"]),
                         (commit, "push", "push", "First"))

        clone.commit({"index.html": PAGE.format("two")})
        clone.git("checkout", "-q", "-b", "cart")
        done = clone.push("berth", "cart")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("is a deployment to preview", done.stderr)
        self.assertIn("one", self.berth.site("quay").text)
        self.assertIn("two", self.berth.site(self.deployments("quay")[0]["url"]).text)

        # The same again is nothing new; a tag is none; a marked commit is none.
        count = len(self.deployments("quay"))
        self.assertEqual(clone.push("berth", "cart").returncode, 0)
        clone.git("tag", "v1")
        self.assertEqual(clone.push("berth", "v1").returncode, 0)
        clone.commit({"a.txt": "x"}, "docs [skip ci]")
        self.assertIn("[skip ci]", clone.push("berth", "cart").stderr)
        self.assertEqual(len(self.deployments("quay")), count)

    def test_a_failed_build_is_told_with_its_step_and_error(self):
        clone = self.clone("broken")
        clone.commit({"package.json": '{"scripts": {"build": "echo Error: no tide >&2; exit 3"}}'})
        done = clone.push()
        self.assertEqual(done.returncode, 0, done.stderr)  # the push itself was taken
        self.assertIn("Failed in the step 'build'", done.stderr)
        self.assertIn("no tide", done.stderr)

    def test_history_is_guarded_as_git_guards_it(self):
        clone = self.clone("history")
        clone.commit({"index.html": PAGE.format("one")})
        first = clone.git("rev-parse", "HEAD")
        clone.commit({"index.html": PAGE.format("two")})
        self.assertEqual(clone.push().returncode, 0)
        clone.git("reset", "-q", "--hard", first)
        clone.commit({"index.html": PAGE.format("other")})
        refused = clone.push()
        self.assertEqual(refused.returncode, 1)
        self.assertIn("non-fast-forward", refused.stderr + refused.stdout)
        self.assertIn("two", self.berth.site("history").text)
        forced = clone.push("--force", "berth", "main")
        self.assertEqual(forced.returncode, 0, forced.stderr)
        wait_until("the forced push", lambda: "other" in self.berth.site("history").text)

        clone.git("branch", "gone")
        self.assertEqual(clone.push("berth", "gone").returncode, 0)
        count = len(self.deployments("history"))
        removed = clone.push("berth", "--delete", "gone")
        self.assertEqual(removed.returncode, 0, removed.stderr)
        self.assertNotIn("gone", clone.git("ls-remote", "berth"))
        self.assertEqual(len(self.deployments("history")), count)

        fetched = self.clone("history", make=False)
        self.assertEqual(fetched.run("fetch", "berth").returncode, 0)
        self.assertEqual(fetched.git("rev-parse", "berth/main"), clone.git("rev-parse", "main"))

    def test_tokens_open_what_they_are_for(self):
        clone = self.clone("guarded")
        clone.commit({"index.html": PAGE.format("one")})
        self.assertEqual(clone.push().returncode, 0)
        clone.commit({"index.html": PAGE.format("two")})
        wrong = clone.push(clone.address("tok_wrong"), "main")
        self.assertEqual(wrong.returncode, 128)
        self.assertIn("Authentication failed", wrong.stderr)
        nobody = clone.push(clone.url, "main")
        self.assertEqual(nobody.returncode, 128)
        reads = self.token("read", "guarded")
        self.assertEqual(clone.run("ls-remote", clone.address(reads)).returncode, 0)
        refused = clone.push(clone.address(reads), "main")
        self.assertEqual(refused.returncode, 128)
        self.assertIn("403", refused.stderr)
        deploys = self.token("deploy", "guarded")
        self.assertEqual(clone.push(clone.address(deploys), "main").returncode, 0)
        # Bound to one project, and of one team.
        self.clone("other-berth")
        elsewhere = clone.address(deploys).replace("guarded.git", "other-berth.git")
        self.assertIn("not found", clone.run("ls-remote", elsewhere).stderr)
        strange = clone.address().replace("/default/", "/nobody/")
        self.assertIn("not found", clone.run("ls-remote", strange).stderr)

    def test_large_pushes_stream_and_broken_ones_change_nothing(self):
        clone = self.clone("heavy")
        clone.commit({"index.html": PAGE.format("one"), "a.bin": os.urandom(30 << 20)})
        done = clone.push()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Ready: ", done.stderr)
        # A body that says it is more than is taken is refused before it is read.
        self.assertEqual(self.send_until_answered("heavy", 2 << 30), 413)
        broken = self.berth.http("POST", "/git/default/heavy.git/git-receive-pack", b"0000nonsense",
                                 headers={"Content-Type": "application/x-git-receive-pack-request"})
        self.assertLess(broken.status, 501)
        self.assertEqual(clone.git("ls-remote", "berth", "main").split()[0],
                         clone.git("rev-parse", "main"))
        dumb = self.berth.http("GET", "/git/default/heavy.git/info/refs")
        self.assertEqual(dumb.status, 403)
        for path in ("/git/default/heavy.git/config", "/git/default/heavy.git/objects/info/packs",
                     "/git/default/../api/x", "/git/default/heavy.git/hooks/post-receive"):
            self.assertIn(self.berth.http("GET", path).status, (400, 404), path)

    def test_the_command_adds_the_remote(self):
        clone = self.clone("handy")
        clone.git("remote", "remove", "berth")
        clone.commit({"index.html": PAGE.format("handy")})
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.berth.home),
                     "XDG_CONFIG_HOME": str(self.berth.home / ".config"),
                     "BERTH_SERVER": self.berth.url, "BERTH_TOKEN": self.berth.token}
        added = subprocess.run([BINARY, "git", "remote", "-p", "handy"], cwd=clone.path,
                               env=variables, capture_output=True, text=True)
        self.assertEqual(added.returncode, 0, added.stderr)
        self.assertEqual(added.stdout.strip(), clone.url)
        asked = subprocess.run([BINARY, "git", "credential", "get"], env=variables, text=True,
                               input=f"protocol=http\nhost=localhost:{self.berth.port}\n\n",
                               capture_output=True)
        self.assertIn(f"password={self.berth.token}", asked.stdout)
        other = subprocess.run([BINARY, "git", "credential", "get"], env=variables, text=True,
                               input="protocol=http\nhost=elsewhere.example\n\n",
                               capture_output=True)
        self.assertEqual(other.stdout, "")


class PushSurvives(unittest.TestCase):
    def test_what_was_pushed_is_deployed_though_the_api_was_killed(self):
        berth = Berth().start()
        self.addCleanup(berth.close)
        berth.set_up()
        berth.api("POST", "/projects", {"name": "sturdy"})
        clone = Clone(berth, "sturdy")
        self.addCleanup(clone.close)
        commit = clone.commit({"index.html": PAGE.format("one"), "a.bin": os.urandom(8 << 20)})
        first = {}

        def push():
            first["done"] = clone.push()

        running = threading.Thread(target=push)
        running.start()
        refs = berth.data / "api/git"
        wait_until("the branch to move", lambda: list(refs.glob("*.git/refs/heads/main")),
                   every=0.002)
        os.kill(berth.roles()["api"], signal.SIGKILL)
        running.join(120)
        wait_until("the api again", berth.is_ready)
        made = wait_until("the deployment", lambda: berth.api(
            "GET", "/projects/sturdy/deployments")["items"])
        self.assertEqual([each["commit"] for each in made], [commit])
        self.assertEqual(berth.wait_for(made[0]["id"])["state"], "ready")
        self.assertIn("one", berth.site("sturdy").text)
