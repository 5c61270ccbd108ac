"""Processor time per request for a 3.5 KB page, beside nginx with open_file_cache on the same
bytes. Printed without a target: tuning comes later."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import machine
from berth import free_port, wait_until
from figures import Figure
from gitserver import GitServer
from stage import say

SECONDS = 4
CONNECTIONS = 2
PAGE = ("<!doctype html><title>Bench</title>" + "<p>three and a half kilobytes</p>" * 200)[:3584]

NGINX = """
daemon off; user root; pid {dir}/nginx.pid; error_log {dir}/nginx.err; worker_processes {workers};
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s; open_file_cache_min_uses 1;
  client_body_temp_path {dir}/a; proxy_temp_path {dir}/b; fastcgi_temp_path {dir}/c;
  uwsgi_temp_path {dir}/d; scgi_temp_path {dir}/e;
  types {{ text/html html; }} charset utf-8;
  server {{ listen 127.0.0.1:{port} reuseport; root {dir}/site; index index.html; }} }}
"""


class Nginx:
    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="berth-nginx-"))
        (self.dir / "site").mkdir()
        (self.dir / "site/index.html").write_text(PAGE)
        self.port = free_port(27000)
        conf = NGINX.format(dir=self.dir, port=self.port, workers=os.cpu_count())
        (self.dir / "nginx.conf").write_text(conf)
        self.process = subprocess.Popen(
            ["nginx", "-c", str(self.dir / "nginx.conf"), "-p", str(self.dir), "-e",
             str(self.dir / "nginx.err")], stdin=subprocess.DEVNULL)
        wait_until("nginx", lambda: GitServer.answers(None, self.port)(), 10)

    def pids(self):
        return machine.descendants(self.process.pid)

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.dir, ignore_errors=True)


def _load(port, host, pids, seconds=SECONDS, path="/"):
    """→ (microseconds of processor time per request, requests per second)"""
    before = machine.cpu_seconds(pids)
    done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-H", f"Host: {host}",
                           f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True)
    spent = machine.cpu_seconds(pids) - before
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(done.stdout)
    requests = int(re.search(r"(\d+) requests in", done.stdout).group(1))
    rate = float(re.search(r"Requests/sec:\s*([\d.]+)", done.stdout).group(1))
    return spent / requests * 1e6, rate


def run(stage):
    stage.project("bench-page", {"index.html": PAGE})
    if stage.berth.site("bench-page").text != PAGE:
        raise RuntimeError("the edge serves another page")
    nginx = Nginx()
    try:
        sides = {"Berth": (stage.berth.port, f"bench-page.localhost:{stage.berth.port}",
                           [stage.berth.roles()["edge"]]),
                 "nginx": (nginx.port, "localhost", nginx.pids())}
        measured = {name: [] for name in sides}
        for side in sides.values():
            _load(*side, seconds=1)
        for turn in range(stage.rounds):
            for name in sorted(sides, reverse=turn % 2 == 1):
                measured[name].append(_load(*sides[name]))
            say(f"edge: round {turn + 1} of {stage.rounds}: " + ", ".join(
                f"{name} {found[-1][0]:.1f} µs, {found[-1][1]:,.0f}/s"
                for name, found in measured.items()))
    finally:
        nginx.close()
    what = (f"wrk, {CONNECTIONS} keep-alive connections for {SECONDS} s, loopback, no compression asked,"
            f" {len(PAGE)} bytes")
    figures = []
    for name, found in measured.items():
        figures.append(Figure(f"edge, cpu per request: {name}", "µs", [f[0] for f in found],
                              note=what if name == "Berth" else "open_file_cache, sendfile"))
        figures.append(Figure(f"edge, requests: {name}", "1/s", [f[1] for f in found]))
    return figures
