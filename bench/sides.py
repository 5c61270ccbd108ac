"""The servers that `script/bench edge` compares, each with one loop on one core, serving the same files.

A side has `port` (cleartext), `tls_port` (or nothing, and `why_no_tls`), `pids()`, `host` and `spa_host`
(what requests name), and `close()`."""

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import debian
import machine
from berth import BINARY, end_edge, wait_until
from gitserver import GitServer
from stage import ROOT, say

CORE = 0  # of the servers; who asks them has the other ones


def pin(pids):
    """Every thread of a server onto its core."""
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            try:
                os.sched_setaffinity(int(task.name), {CORE})
            except OSError:
                continue  # it ended


_ports = itertools.count(20_000 + os.getpid() % 1000 * 3)


def next_port():
    """One that nobody has, below those of journeys and of clients."""
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


class Side:
    """A server that is a process of ours."""

    host = spa_host = "localhost"
    tls_port = None
    why_no_tls = "there is no TLS in it"
    environment = None

    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="berth-bench-"))
        self.dir.chmod(0o755)
        self.port = next_port()
        self.spa_port = self.port
        self.process = None

    def start(self, argv):
        self.process = subprocess.Popen(
            [str(word) for word in argv], cwd=self.dir, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=open(self.dir / "out", "wb"), stderr=subprocess.STDOUT)
        wait_until(type(self).__name__, self._answers, 20)
        pin(self.pids())

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{type(self).__name__} ended: {(self.dir / 'out').read_text()[-2000:]}")
        return GitServer.answers(None, self.port)()

    def pids(self):
        return machine.descendants(self.process.pid)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        shutil.rmtree(self.dir, ignore_errors=True)


NGINX = """
daemon off; user root; pid {dir}/nginx.pid; error_log {dir}/nginx.err; worker_processes 1;
worker_rlimit_nofile 40000;
events {{ worker_connections 30000; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; gzip_static on;
  open_file_cache max=1000 inactive=600s; open_file_cache_valid 600s; open_file_cache_min_uses 1;
  client_body_temp_path {dir}/a; proxy_temp_path {dir}/b; fastcgi_temp_path {dir}/c;
  uwsgi_temp_path {dir}/d; scgi_temp_path {dir}/e; http2_max_requests 1000000000;
  types {{ text/html html; text/javascript js; }} charset utf-8;
  server {{ listen 127.0.0.1:{port}; {tls} root {site}; index index.html; error_page 404 /404.html; }}
  server {{ listen 127.0.0.1:{spa}; root {site}; location / {{ try_files $uri /index.html; }} }} }}
"""


class Nginx(Side):
    def __init__(self, content):
        super().__init__()
        self.spa_port = next_port()
        self.tls_port = next_port()
        tls = (f"listen 127.0.0.1:{self.tls_port} ssl http2; ssl_certificate {content.cert};"
               f" ssl_certificate_key {content.key}; ssl_protocols TLSv1.2 TLSv1.3;")
        conf = NGINX.format(dir=self.dir, site=content.site, port=self.port, spa=self.spa_port, tls=tls)
        (self.dir / "nginx.conf").write_text(conf)
        self.start(["nginx", "-c", self.dir / "nginx.conf", "-p", self.dir, "-e", self.dir / "nginx.err"])


# A file that is not there falls through to the next handler, which is the application's page.
H2O = """
num-threads: 1
max-connections: 30000
error-log: {dir}/h2o.err
hosts:
  "localhost":
    listen: {{host: 127.0.0.1, port: {port}}}
    paths:
      "/": {{file.dir: {site}}}
    error-doc: {{status: 404, url: /404.html}}
  "localhost:{tls}":
    listen: {{host: 127.0.0.1, port: {tls}, ssl: {{certificate-file: {cert}, key-file: {key}}}}}
    paths:
      "/": {{file.dir: {site}}}
  "localhost:{spa}":
    listen: {{host: 127.0.0.1, port: {spa}}}
    paths:
      "/":
        - file.dir: {site}
        - file.file: {site}/index.html
file.send-compressed: ON
file.mime.addtypes: {{"text/javascript; charset=utf-8": ".js"}}
http1-request-timeout: 600
http2-idle-timeout: 600
"""


class H2o(Side):
    def __init__(self, content):
        super().__init__()
        self.spa_port = next_port()
        self.tls_port = next_port()
        conf = H2O.format(dir=self.dir, site=content.site, port=self.port, spa=self.spa_port,
                          tls=self.tls_port, cert=content.cert, key=content.key)
        (self.dir / "h2o.conf").write_text(conf)
        self.environment = debian.environment(H2O_ROOT=str(debian.unpacked() / "usr"))
        self.start([debian.program("h2o"), "-m", "worker", "-c", self.dir / "h2o.conf"])


CADDY = """
{{
  admin off
  auto_https off
}}
http://localhost:{port} {{
  bind 127.0.0.1
  root * {site}
  file_server {{
    precompressed gzip
  }}
  handle_errors {{
    rewrite * /404.html
    file_server
  }}
}}
https://localhost:{tls} {{
  bind 127.0.0.1
  tls {cert} {key}
  root * {site}
  file_server {{
    precompressed gzip
  }}
}}
http://localhost:{spa} {{
  bind 127.0.0.1
  root * {site}
  try_files {{path}} /index.html
  file_server
}}
"""


class Caddy(Side):
    def __init__(self, content):
        super().__init__()
        self.spa_port = next_port()
        self.tls_port = next_port()
        conf = CADDY.format(site=content.site, port=self.port, spa=self.spa_port, tls=self.tls_port,
                            cert=content.cert, key=content.key)
        (self.dir / "Caddyfile").write_text(conf)
        self.environment = {**os.environ, "HOME": str(self.dir), "GOMAXPROCS": "1"}
        self.start([debian.program("caddy"), "run", "--adapter", "caddyfile", "--config",
                    self.dir / "Caddyfile"])


class Floor(Side):
    """One prebuilt answer: those bytes, whatever is asked; or `others`, {target: bytes} of one."""

    def __init__(self, answer, others=None):
        super().__init__()
        (self.dir / "answer").write_bytes(answer)
        argv = [floor_program(), self.port, self.dir / "answer"]
        for target, other in (others or {}).items():
            (self.dir / "other").write_bytes(other)
            argv += [target, self.dir / "other"]
        self.start(argv)


def floor_program():
    source, made = ROOT / "bench/floor/floor.cpp", ROOT / "build/bench/floor"
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        made.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["clang++-19", "-std=c++23", "-O2", "-o", made, source], check=True)
    return made


class Edge(Side):
    """A joined edge with one loop, beside the stage's Berth: its objects, or a copy of them."""

    def __init__(self, stage, content, objects=None):
        super().__init__()
        self.host = f"bench-edge.localhost:{self.port}"
        self.spa_host = f"bench-spa.localhost:{self.port}"
        token = self.dir / "token"
        done = stage.berth.berth("edges", "token", "--data", stage.berth.data)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        token.touch(0o600)
        token.write_text(done.stdout)
        argv = [BINARY, "edge", "--data", self.dir / "data", "--server", stage.berth.url, "--token-file",
                token, "--objects", f"file:{objects or stage.berth.data / 'objects'}", "--listen",
                f"127.0.0.1:{self.port}", "--edge-loops", "1"]
        self.argv = argv + self._tls(content)
        self.start(self.argv)

    def _tls(self, content):
        """Options for TLS, where the binary has them."""
        text = subprocess.run([BINARY, "edge", "--help"], capture_output=True, text=True).stdout
        lacking = [word for word in ("--listen-tls", "--cert", "--key") if f"{word} " not in text]
        if lacking:
            self.why_no_tls = f"`berth edge` has no {', '.join(lacking)}"
            return []
        self.tls_port = next_port()
        return ["--https-redirect", "off", "--listen-tls", f"127.0.0.1:{self.tls_port}", "--cert",
                content.cert, "--key", content.key]

    def pids(self):
        """The edge's own process, not its supervisor's."""
        return [pid for pid in machine.descendants(self.process.pid)
                if pid != self.process.pid and machine.title(pid).startswith("berth edge")]

    def close(self):
        super().close()
        end_edge(self.dir / "data")


def peers(content):
    """The others, each or the reason why it cannot run: {name: side}."""
    made = {}
    for name, make in (("nginx", Nginx), ("h2o", H2o), ("Caddy", Caddy)):
        try:
            made[name] = make(content)
        except (RuntimeError, AssertionError, OSError, subprocess.SubprocessError) as wrong:
            say(f"edge: without {name}: {wrong}")
    return made
