"""Machines that join: a worker and an edge by hand beside a `berth serve` that builds nothing."""

import http.client
import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import leftovers
from berth import BINARY, ROOT, Berth, end_edge, free_port, wait_until
from shared import git
from test_failures import build

NEXT_UID = 1 << 30


class Joined:
    """`berth worker` or `berth edge`, started by hand."""

    def __init__(self, role, *options):
        self.folder = Path(tempfile.mkdtemp(prefix="berth-journey-"))
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        environment = dict(os.environ)
        environment["PATH"] = f"{ROOT}/build/toolchain/node/bin:" + environment["PATH"]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [BINARY, role, "--data", self.data, *map(str, options)], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, env=environment)

    def text(self):
        return self.log.read_text(errors="replace")

    def wait_for_word(self, word):
        def said():
            if self.process.poll() is not None:
                raise AssertionError("it ended:\n" + self.text())
            return word in self.text()
        wait_until(f"'{word}'", said, 30)

    def end(self):
        """SIGTERM → exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def close(self):
        """Nothing of it goes on, whatever became of the journey: an edge outlives its supervisor."""
        try:
            self.end()
        finally:
            end_edge(self.data)
            shutil.rmtree(self.folder, ignore_errors=True)


def ask(port, path, host, verb="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(verb, path, headers={"Host": host})
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    finally:
        connection.close()


class Join(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.git = git()
        cls.berth = Berth("--builds", "0", "--allow-nets", f"127.0.0.1/32:{cls.git.port}")
        cls.addClassCleanup(cls.berth.close)
        cls.berth.start().set_up()

    def token_file(self, which, text=None, mode=0o600):
        if text is None:
            done = self.berth.berth(which, "token", "--data", self.berth.data)
            self.assertEqual(done.returncode, 0, done.stderr)
            text = done.stdout
        path = self.berth.folder / f"{which}-{mode:o}.token"
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def joined(self, role, *options):
        made = Joined(role, *options)
        self.addCleanup(made.close)
        return made

    def worker(self):
        worker = self.joined("worker", "--server", f"http://127.0.0.1:{self.berth.port}",
                             "--token-file", self.token_file("workers"), "--builds", "1",
                             "--allow-nets", f"127.0.0.1/32:{self.git.port}")
        worker.wait_for_word("worker ready")
        return worker

    def edge(self, *options):
        port = free_port(self.berth.port + 1)
        edge = self.joined("edge", "--server", self.berth.url, "--token-file",
                           self.token_file("edges"), "--objects", f"file:{self.berth.data}/objects",
                           "--listen", f"127.0.0.1:{port}", *options)
        edge.wait_for_word("serving")
        return edge, port

    def test_a_joined_worker_builds_and_a_joined_edge_serves(self):
        self.assertEqual(set(self.berth.roles()), {"api", "edge"})
        worker, (edge, port) = self.worker(), self.edge()
        url = self.git.repository("joined", {"index.html": "one"})
        made, done = self.berth.imported(url, "joined")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(made["state"], "ready", made)
        # Ready means: every edge serves it, the joined one too.
        self.assertEqual(ask(port, "/", f"joined.localhost:{port}"), (200, "one"))
        self.assertEqual(self.berth.site("joined").text, "one")
        self.git.commit("joined", {"index.html": "two"})
        done = self.berth.berth("deploy", "-p", "joined")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(ask(port, "/", f"joined.localhost:{port}"), (200, "two"))
        # The platform is elsewhere, and said to be.
        for host in ("localhost", "127.0.0.1"):
            status, text = ask(port, "/api/v1/instance/health", f"{host}:{port}")
            self.assertEqual(status, 421)
            self.assertIn(self.berth.url, text)
        for started in (worker, edge):
            arguments = Path(f"/proc/{started.process.pid}/cmdline").read_bytes()
            token = self.token_file("workers" if started is worker else "edges").read_text().strip()
            self.assertNotIn(token.encode(), arguments)
            self.assertNotIn(token, started.text())
        # It serves on while that Berth is away.
        self.berth.stop()
        try:
            self.assertEqual(ask(port, "/", f"joined.localhost:{port}"), (200, "two"))
        finally:
            self.berth.start()
        self.assertEqual(edge.end(), 0, edge.text())
        self.assertEqual(worker.end(), 0, worker.text())

    def test_sigterm_drains_a_worker_and_nothing_is_left(self):
        worker = self.worker()
        instance = (worker.data / "instance").read_text().strip()
        url = self.git.repository("drained", build("echo begun; while :; do sleep 1; done"))
        self.berth.api("POST", "/projects", {"name": "drained", "repo_url": url, "branch": "main",
                                             "output_dir": "dist"})
        running = self.berth.api("POST", "/projects/drained/deployments", {})["id"]
        wait_until("the build to run", lambda: "begun" in self.berth.log_text(running), 60)
        self.assertTrue(leftovers.sandbox_processes(NEXT_UID))
        self.assertEqual(worker.end(), 0, worker.text())
        ended = self.berth.wait_for(running, 30)
        self.assertEqual((ended["state"], ended["reason"]), ("failed", "lost_worker"), ended)
        wait_until("nothing to be left", lambda: not leftovers.after_stop(worker, instance, NEXT_UID),
                   20)
        # A new worker on the same data takes the next one.
        again = self.worker()
        url = self.git.repository("after", {"index.html": "after"})
        made, done = self.berth.imported(url, "after")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(made["state"], "ready", made)
        self.assertEqual(again.end(), 0, again.text())

    def test_kill_9_of_the_supervisors(self):
        worker, (edge, port) = self.worker(), self.edge()
        url = self.git.repository("killed", {"index.html": "still"})
        made, done = self.berth.imported(url, "killed")
        self.assertEqual(made["state"], "ready", done.stderr)
        instance = (worker.data / "instance").read_text().strip()
        worker.kill()
        wait_until("worker and launcher to be gone", lambda: not leftovers.processes_of(instance), 15)
        first = int((edge.data / "edge/edge.pid").read_text().split()[0])
        edge.kill()
        host = f"killed.localhost:{port}"
        self.assertEqual(ask(port, "/", host), (200, "still"))
        next_edge = self.joined("edge", "--server", self.berth.url, "--token-file",
                                self.token_file("edges"), "--objects",
                                f"file:{self.berth.data}/objects", "--listen", f"127.0.0.1:{port}",
                                "--data", edge.data)
        next_edge.wait_for_word("serving")
        self.assertEqual(ask(port, "/", host), (200, "still"))
        wait_until("the first edge to be replaced", lambda: not self.is_running(first), 20)
        self.assertEqual(ask(port, "/", host), (200, "still"))
        self.assertEqual(next_edge.end(), 0, next_edge.text())
        wait_until("the port to be closed", lambda: self.is_closed(port), 20)

    @staticmethod
    def is_running(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    @staticmethod
    def is_closed(port):
        try:
            ask(port, "/", "killed.localhost")
            return False
        except ConnectionRefusedError:
            return True
        except OSError:
            return False


    def refused(self, code, word, *words):
        done = subprocess.run(["timeout", "30", BINARY, *map(str, words)], capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        self.assertIn(word, done.stderr)
        return done

    def test_what_stands_in_the_way_is_said_in_words(self):
        data = ("--data", self.berth.folder / "refused")
        server = ("--server", self.berth.url)
        wrong = self.token_file("workers", "wrk_wrong")
        done = self.refused(4, "refuses the token", "worker", *data, *server, "--token-file", wrong)
        self.assertIn("berth workers token", done.stderr)
        self.assertNotIn("wrk_wrong", done.stderr)
        other = self.token_file("edges")  # a machine's, but another kind's
        self.refused(4, "refuses the token", "worker", *data, *server, "--token-file", other)
        objects = ("--objects", f"file:{self.berth.data}/objects")
        listen = ("--listen", f"127.0.0.1:{free_port(self.berth.port + 50)}")
        done = self.refused(4, "berth edges token", "edge", *data, *server, *objects, *listen,
                            "--token-file", wrong)
        good = self.token_file("edges")
        self.refused(2, "chmod 600", "edge", *data, *server, *objects, "--token-file",
                     self.token_file("edges", mode=0o644))
        self.refused(2, "is empty", "worker", *data, *server, "--token-file",
                     self.token_file("workers", ""))
        self.refused(2, "No such file", "worker", *data, *server, "--token-file", "/nowhere/token")
        self.refused(2, "--server is needed", "worker", *data, "--token-file", good)
        self.refused(2, "--token-file is needed", "worker", *data, *server)
        self.refused(2, "--objects is needed", "edge", *data, *server, "--token-file", good)
        for place, word in (("s3://x", "the name of a bucket"), ("s3://bucket", "BERTH_S3_ACCESS_KEY"),
                            ("ftp://x", "file:DIR")):
            self.refused(2, word, "edge", *data, *server, "--token-file", good, "--objects", place)
        self.refused(2, "--no-such", "worker", "--no-such", "x")
        self.refused(1, f"port {self.berth.port}", "edge", *data, *server, *objects, "--token-file",
                     good, "--listen", f"127.0.0.1:{self.berth.port}")
        self.refused(2, "berth serve --builds 0", "api")
        self.refused(2, "berth worker --help", "launcher")
        for role, word in (("worker", "--token-file"), ("edge", "--objects"), ("launcher", "root"),
                           ("serve", "--builds")):
            done = subprocess.run([BINARY, role, "--help"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(word, done.stdout)

    def test_a_server_that_does_not_answer_is_waited_for(self):
        worker = self.joined("worker", "--server", f"http://127.0.0.1:{free_port(29000, 29900)}",
                             "--token-file", self.token_file("workers", "wrk_any"))
        worker.wait_for_word("does not answer yet")
        self.assertEqual(worker.end(), 1, worker.text())
        self.assertEqual(worker.text().count("does not answer yet"), 1)


if __name__ == "__main__":
    unittest.main()
