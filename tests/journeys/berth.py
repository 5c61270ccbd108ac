"""One running Berth for journeys: the real binary, a fresh data directory, its own port."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("BERTH_BINARY", ROOT / "build/release/berth"))
EMAIL = "owner@example.com"
PASSWORD = "correct horse battery"


def free_port(begin=24000, end=28999):
    """Below the ephemeral range, where no client socket can sit on it by chance."""
    count = end - begin
    for port in (begin + (os.getpid() + i) % count for i in range(count)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


def wait_until(what, check, seconds=30, every=0.05):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = check()
        if value:
            return value
        time.sleep(every)
    raise AssertionError(f"{what}: not within {seconds} s")


def end_edge(data):
    """Ends the edge of a data directory, which outlives a supervisor that was killed."""
    try:
        pid = int((data / "edge/edge.pid").read_text().split()[0])
        if b"berth\0edge" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGTERM)
    except (OSError, ValueError, IndexError):
        pass  # there is none


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()


class Berth:
    def __init__(self, *options, environment=None, data=None, before=lambda folder: ()):
        """`before(folder)`: what starts the program, if it is not started as it is."""
        self.folder = Path(tempfile.mkdtemp(prefix="berth-journey-"))
        self.data = data or self.folder / "data"
        self.port = free_port()
        self.options = list(options)
        self.before = list(before(self.folder))
        self.environment = environment or {}
        self.log = open(self.folder / "berth.log", "ab")
        self.process = None
        self.token = None
        self.home = self.folder / "home"
        self.home.mkdir()

    # The process.

    def start(self):
        try:
            return self._start()
        except BaseException:  # nobody else would end it
            self.stop()
            end_edge(self.data)
            raise

    def _start(self):
        environment = dict(os.environ)
        environment["PATH"] = f"{ROOT}/build/toolchain/node/bin:" + environment["PATH"]
        # Journeys and compilers run beside each other: what is spare there is nothing at all.
        environment["BERTH_BUILDS_PROCESSORS"] = "shared"
        environment.update(self.environment)
        self.process = subprocess.Popen(
            self.before + [BINARY, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}"]
            + self.options,
            stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL, env=environment,
        )
        self.greeting = ""
        for line in self.process.stdout:
            self.greeting += line.decode()
            if "data " in line.decode():
                break
        code = wait_until("set-up code", self._setup_code_or_none, 10) if not self.token else ""
        wait_until("ready", self.is_ready, 30)
        self.setup_code = code
        return self

    def _setup_code_or_none(self):
        path = self.data / "setup-code"
        return path.read_text().strip() if path.exists() else ("-" if self.greeting else None)

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError("berth serve ended:\n" + self.log_tail())
        try:
            return self.http("GET", "/api/v1/instance/health").status == 200
        except OSError:
            return False

    def set_up(self):
        answer = self.http("POST", "/api/v1/setup",
                           {"code": self.setup_code, "email": EMAIL, "password": PASSWORD},
                           headers={"Origin": f"http://localhost:{self.port}"})
        assert answer.status == 201, (answer.status, answer.text)
        made = self.berth("login", "--server", self.url, "--email", EMAIL, "--password-stdin",
                          stdin=PASSWORD)
        assert made.returncode == 0, made.stderr
        token = self.berth("tokens", "create", "--name", "journeys", "--scope", "admin")
        assert token.returncode == 0, token.stderr
        self.token = token.stdout.strip()
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise AssertionError("berth serve did not stop within 60 s:\n" + self.log_tail())
        if self.process:
            self.process.stdout.close()
        self.process = None

    def close(self):
        try:
            self.stop()
        finally:
            end_edge(self.data)
            self.log.close()
            if not os.environ.get("BERTH_KEEP"):
                shutil.rmtree(self.folder, ignore_errors=True)

    def log_tail(self, lines=40):
        text = (self.folder / "berth.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def roles(self):
        """Role → pid, of the children of the supervisor."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                stat = (entry / "stat").read_text()
                parent = int(stat.rsplit(")", 1)[1].split()[1])
                argv = (entry / "cmdline").read_bytes().split(b"\0")
            except (OSError, IndexError):
                continue
            if parent == self.process.pid and argv[0] == b"berth" and len(argv) > 1:
                found[argv[1].decode()] = int(entry.name)
        return found

    # Its front doors.

    @property
    def url(self):
        return f"http://localhost:{self.port}"

    def http(self, verb, target, body=None, headers=None, host=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        fields = {"Host": host or f"localhost:{self.port}"}
        if self.token and host is None:
            fields["Authorization"] = f"Bearer {self.token}"
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            fields["Content-Type"] = "application/json"
        fields.update(headers or {})
        try:
            connection.request(verb, target, body, fields)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def api(self, verb, path, body=None, **more):
        answer = self.http(verb, "/api/v1" + path, body, **more)
        if answer.status >= 400:
            raise AssertionError(f"{verb} {path}: {answer.status} {answer.text}")
        return answer.json if answer.body else None

    def site(self, name, path="/", headers=None, verb="GET"):
        """What visitors of a project's host get; `name` may be a whole URL of ours."""
        match = re.match(r"http://([^:/]+)", name)
        host = match.group(1) if match else f"{name}.localhost"
        return self.http(verb, path, headers=headers, host=f"{host}:{self.port}")

    def berth(self, *words, stdin="", timeout=300, environment=None):
        """Runs the client as a person would, piped."""
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8",
                     "XDG_CONFIG_HOME": str(self.home / ".config"), **(environment or {})}
        if self.token:
            variables.update(BERTH_SERVER=self.url, BERTH_TOKEN=self.token)
        return subprocess.run([BINARY, *map(str, words)], input=stdin, capture_output=True,
                              text=True, timeout=timeout, env=variables, cwd=self.home)

    # What journeys do again and again.

    def imported(self, url, name, *options, timeout=300, stdin=""):
        """berth import → (the deployment, or None when nothing was made; the finished process)."""
        done = self.berth("import", url, "--name", name, "--json", "--no-input", *options,
                          timeout=timeout, stdin=stdin)
        answer = self.http("GET", f"/api/v1/projects/{name}/deployments")
        items = answer.json["items"] if answer.status == 200 else []
        return (items[0] if items else None), done

    def deployment(self, deployment):
        return self.api("GET", f"/deployments/{deployment}")

    def wait_for(self, deployment, seconds=120):
        ends = {"ready", "failed", "canceled", "superseded", "skipped"}

        def ended():
            found = self.deployment(deployment)
            return found if found["state"] in ends else None

        return wait_until(f"{deployment} to end", ended, seconds, every=0.1)

    def log_text(self, deployment):
        return self.http("GET", f"/api/v1/deployments/{deployment}/log",
                         headers={"Accept": "text/plain"}).text
