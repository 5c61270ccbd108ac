"""What hosts cost an edge that knows one, a hundred thousand or a million of them: memory, the start, a
request, a change; and whether a thousand changes under load fail or mix an answer."""

import hashlib
import http.client
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import load
import machine
from berth import end_edge, wait_until
from content import Content, files
from figures import Figure, percentile
from sides import Edge
from stage import say

HOSTS = [1, 100_000, 1_000_000]
SECONDS_MAX = 240  # until an edge serves them; more hosts are not tried then
CHANGES = 100      # timed one by one
CHANGES_UNDER_LOAD = 1_000
CLIENTS = 2        # that check every answer meanwhile
PIPELINED = 64     # requests at a time while every host is asked once


def _put(path, text):
    """As the api does, but for the fsync: whole or not at all."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    beside.rename(path)


class Objects:
    """A copy of the stage's public objects, with so many hosts that lead to one deployment, and a second
    deployment whose page has as many bytes."""

    def __init__(self, stage, count):
        self.dir = Path(tempfile.mkdtemp(prefix="berth-bench-objects-", dir=stage.berth.folder))
        self.dir.chmod(0o755)
        source = stage.berth.data / "objects"
        subprocess.run(["cp", "-al", source / "public", self.dir / "public"], check=True)
        self.routes = self.dir / "public/routes"
        self.route = json.loads((self.routes / "bench-hosts.localhost.json").read_text())
        self.generation = json.loads((self.routes / "_head").read_text())["generation"] + 1
        # Hard links: the stage keeps its own. Other sites would only cost memory here.
        for known in self.routes.iterdir():
            known.unlink()
        self.count = count
        for number in range(count):
            name = self.host(number)
            self.route.update(host=name, generation=self.generation)
            (self.routes / f"{name}.json").write_text(json.dumps(self.route))
        self.changed = []
        self._put_head()
        self.pages = [files()["index.html"].encode(), files()["index.html"].replace("half", "HALF").encode()]
        self.deployments = [self.route["deployment"], self._second_deployment()]

    @staticmethod
    def host(number):
        return f"shop-{number}.example"

    @property
    def last(self):
        return self.host(self.count - 1)

    def _put_head(self):
        _put(self.routes / "_head", json.dumps({"generation": self.generation, "changed": self.changed}))

    def _second_deployment(self):
        manifests = self.dir / "public/manifests"
        manifest = json.loads((manifests / f"{self.route['deployment']}.json").read_text())
        name = manifest["deployment"][:-4] + "flip"
        digest = hashlib.sha256(self.pages[1]).hexdigest()
        blob = self.dir / "public/blobs" / digest[:2] / digest
        blob.parent.mkdir(exist_ok=True)
        blob.write_bytes(self.pages[1])
        manifest["deployment"] = name
        manifest["files"]["index.html"].update(sha256=digest, variants={})
        (manifests / f"{name}.json").write_text(json.dumps(manifest))
        return name

    def point(self, host, number):
        """What a deployment that goes live does to the store: one route, then the head."""
        self.generation += 1
        self.route.update(host=host, generation=self.generation, deployment=self.deployments[number])
        _put(self.routes / f"{host}.json", json.dumps(self.route))
        self.changed = [*self.changed[-999:], {"host": host, "generation": self.generation}]
        self._put_head()

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)


class KnowingEdge(Edge):
    """An edge that can be started again on what it keeps."""

    def __init__(self, stage, content, count):
        self.objects = Objects(stage, count)
        begin = time.monotonic()
        super().__init__(stage, content, self.objects.dir)
        self.first_start = self._served_after(begin)

    def _served_after(self, begin):
        host = self.objects.last
        wait_until(f"{self.objects.count:,} hosts to be served",
                   lambda: _status(self.port, host) == 200, SECONDS_MAX, every=0.02)
        return time.monotonic() - begin

    def start_again(self):
        """→ seconds until the last host is served"""
        self.process.terminate()
        self.process.wait(20)
        end_edge(self.dir / "data")
        begin = time.monotonic()
        self.start(self.argv)
        return self._served_after(begin)

    def wait_until_quiet(self):
        """Until it has written down what it learned."""
        quiet = 0
        while quiet < 3:
            before = machine.cpu_seconds(self.pids())
            time.sleep(0.5)
            quiet = quiet + 1 if machine.cpu_seconds(self.pids()) - before < 0.02 else 0

    def memory(self):
        """Pss in bytes: (not of files, of files)"""
        found = [machine.memory(pid) for pid in self.pids()]
        total = sum(each["Pss"] for each in found)
        of_files = sum(each["Pss_File"] for each in found)
        return (total - of_files) * 1024, of_files * 1024

    def ask_every_host(self):
        """Each route is read, checked and kept → seconds"""
        begin = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            for first in range(0, self.objects.count, PIPELINED):
                numbers = range(first, min(first + PIPELINED, self.objects.count))
                connection.sendall(b"".join(
                    b"HEAD / HTTP/1.1\r\nHost: %s\r\n\r\n" % self.objects.host(number).encode()
                    for number in numbers))
                _receive_heads(connection, len(numbers))
        return time.monotonic() - begin

    def close(self):
        super().close()
        self.objects.close()


def _receive_heads(connection, count):
    received = b""
    while received.count(b"\r\n\r\n") < count:
        piece = connection.recv(1 << 16)
        if not piece:
            raise RuntimeError(f"closed: {received[-300:]}")
        received += piece
    if received.count(b"HTTP/1.1 200 ") != count:
        raise RuntimeError(f"not served: {received[-300:]}")


def _status(port, host):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": host})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


class Probe:
    """One connection that asks for a host's page again and again."""

    def __init__(self, edge):
        self.objects = edge.objects
        self.connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=10)

    def page(self):
        """The number of the deployment that answers; -1: neither, or both."""
        self.connection.request("GET", "/", headers={"Host": self.objects.last})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200 or body not in self.objects.pages:
            return -1
        return self.objects.pages.index(body)

    def seconds_until(self, number):
        begin = time.monotonic()
        while self.page() != number:
            if time.monotonic() - begin > 20:
                raise RuntimeError("the change is not served")
        return time.monotonic() - begin


def _check_answers(edge, stop, results):
    """A client of its own process: every answer is one deployment's, whole."""
    os.sched_setaffinity(0, range(os.cpu_count()))
    good = wrong = 0
    probe = Probe(edge)
    while not stop.is_set():
        try:
            is_good = probe.page() >= 0
        except (OSError, http.client.HTTPException):
            is_good = False
            probe = Probe(edge)
        good, wrong = good + is_good, wrong + (not is_good)
    results.put((good, wrong))


def _time_changes(edge):
    probe, took = Probe(edge), []
    probe.page()
    for change in range(1, CHANGES + 1):
        begin = time.monotonic()
        edge.objects.point(edge.objects.last, change % 2)
        probe.seconds_until(change % 2)
        took.append((time.monotonic() - begin) * 1000)
    edge.objects.point(edge.objects.last, 0)
    probe.seconds_until(0)
    return took


def _change_under_load(edge):
    """→ (seconds of all changes, good answers, wrong answers)"""
    fork = multiprocessing.get_context("fork")
    stop, results = fork.Event(), fork.Queue()
    clients = [fork.Process(target=_check_answers, args=(edge, stop, results)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        probe, begin = Probe(edge), time.monotonic()
        for change in range(1, CHANGES_UNDER_LOAD + 1):
            edge.objects.point(edge.objects.last, change % 2)
            probe.seconds_until(change % 2)
        took = time.monotonic() - begin
    finally:
        stop.set()
    counts = [results.get(timeout=20) for _ in clients]
    for client in clients:
        client.join(20)
    return took, sum(good for good, _ in counts), sum(wrong for _, wrong in counts)


def _costs(stage, edges):
    """{hosts: µs per request}, the edges in turn on one core."""
    costs = {count: [] for count in edges}
    for count, edge in edges.items():
        load.cost(edge, edge.port, "/", {"Host": edge.objects.last}, 1)
    for turn in range(stage.rounds):
        for count in sorted(edges, reverse=turn % 2 == 1):
            edge = edges[count]
            fields = {"Host": edge.objects.last}
            costs[count].append(load.cost(edge, edge.port, "/", fields, stage.seconds)[0])
    return [Figure(f"page, {count:,} hosts", "µs", found) for count, found in costs.items()]


def _memory(edge, few, name):
    """Bytes of each host beside an edge that knows one."""
    own, of_files = edge.memory()
    count = edge.objects.count
    return Figure(f"memory of each of {count:,} {name}", "bytes", [(own - few[0]) / count], target=200,
                  note=f"Pss {own / (1 << 20):.1f} MiB beside {few[0] / (1 << 20):.1f} with one host; of "
                       f"files {of_files / (1 << 20):.1f} beside {few[1] / (1 << 20):.1f} MiB")


def _measure(stage, edge, few):
    count = edge.objects.count
    edge.wait_until_quiet()
    figures = []
    if count > 1:
        figures.append(Figure(f"first start, {count:,} listed hosts", "s", [edge.first_start]))
        figures.append(_memory(edge, few, "listed hosts"))
        asked = edge.ask_every_host()
        edge.wait_until_quiet()
        figures.append(Figure(f"each of {count:,} hosts asked once", "s", [asked]))
    starts = [edge.start_again() for _ in range(3)]
    edge.wait_until_quiet()
    figures.append(Figure(f"start, {count:,} kept hosts", "s", starts, target=5))
    if count > 1:
        figures.append(_memory(edge, few, "kept hosts"))
    else:
        few[:] = edge.memory()
    figures.append(Figure(f"change until served, {count:,} hosts", "ms", _time_changes(edge), target=50))
    figures[-1].note = f"p99 {percentile(figures[-1].samples, 99):.1f} ms"
    took, good, wrong = _change_under_load(edge)
    figures.append(Figure(f"{CHANGES_UNDER_LOAD:,} changes under load, {count:,} hosts", "s", [took]))
    figures.append(Figure(f"mixed or failed answers, {count:,} hosts", "answers", [wrong], target=0,
                          note=f"of {good + wrong:,} to {CLIENTS} clients"))
    return figures


def run(stage):
    stage.project("bench-hosts", files())
    content = Content()
    figures, edges, few = [], {}, [0, 0]
    try:
        for count in HOSTS:
            edge = None
            try:
                edge = edges[count] = KnowingEdge(stage, content, count)
                measured = _measure(stage, edge, few)
            except (RuntimeError, AssertionError, OSError) as wrong:
                say(f"hosts: {count:,}: not measured: {str(wrong)[-300:]}")
                edges.pop(count, None)
                if edge is not None:
                    edge.close()
                break
            for figure in measured:
                say(f"hosts: {figure.text()}")
            figures += measured
        figures += _costs(stage, edges)
    finally:
        for edge in edges.values():
            edge.close()
        content.close()
    return figures
