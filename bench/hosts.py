"""What a host costs a request and the memory, when the edge knows one of them and when it knows a million."""

import http.client
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import load
import machine
from berth import wait_until
from figures import Figure
from sides import Edge
from stage import say

HOSTS = [1, 100_000, 1_000_000]
SECONDS_MAX = 240  # until an edge serves them; more hosts are not tried then


class Objects:
    """A copy of the stage's public objects, with so many hosts that lead to one deployment."""

    def __init__(self, stage, count):
        self.dir = Path(tempfile.mkdtemp(prefix="berth-bench-objects-", dir=stage.berth.folder))
        self.dir.chmod(0o755)
        source = stage.berth.data / "objects"
        subprocess.run(["cp", "-al", source / "public", self.dir / "public"], check=True)
        routes = self.dir / "public/routes"
        route = json.loads((routes / "bench-edge.localhost.json").read_text())
        head = json.loads((routes / "_head").read_text())
        # Hard links: the stage keeps its own. Other sites would only cost memory here.
        for known in routes.iterdir():
            known.unlink()
        generation = head["generation"] + 1
        for number in range(count):
            host = f"shop-{number}.example"
            route.update(host=host, generation=generation)
            (routes / f"{host}.json").write_text(json.dumps(route))
        (routes / "_head").write_text(json.dumps({"generation": generation, "changed": []}))
        self.last = f"shop-{count - 1}.example"

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def _one(stage, content, count):
    """→ (µs per request, RSS in MiB, seconds until served), or a reason."""
    objects = Objects(stage, count)
    edge = None
    begin = time.monotonic()
    try:
        edge = Edge(stage, content, objects.dir)
        host = f"{objects.last}:{edge.port}"
        wait_until(f"{count:,} hosts to be served",
                   lambda: _status(edge.port, host) == 200, SECONDS_MAX, every=0.2)
        took = time.monotonic() - begin
        fields = {"Host": host}
        load.cost(edge, edge.port, "/", fields, 1)
        costs = [load.cost(edge, edge.port, "/", fields, stage.seconds)[0]
                 for _ in range(stage.rounds)]
        rss = sum(machine.memory(pid)["Rss"] for pid in edge.pids()) / 1024
        return costs, rss, took
    finally:
        if edge is not None:
            edge.close()
        objects.close()


def _status(port, host):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": host})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def measure_hosts(stage, content):
    figures, few = [], None
    for count in HOSTS:
        try:
            costs, rss, took = _one(stage, content, count)
        except (RuntimeError, AssertionError) as wrong:
            say(f"edge: {count:,} hosts: not measured: {str(wrong)[-300:]}")
            break
        say(f"edge: {count:,} hosts: served after {took:.1f} s, RSS {rss:.1f} MiB")
        figures.append(Figure(f"page, {count:,} hosts: Berth", "µs", costs))
        if few is None:
            few = rss
            continue
        each = (rss - few) * (1 << 20) / count
        figures.append(Figure(f"memory of each of {count:,} hosts", "bytes", [each], target=200,
                              note=f"RSS {rss:.1f} MiB beside {few:.1f} with one; served "
                                   f"{took:.1f} s after the start"))
    return figures
