"""What a connection that does nothing costs the edge, and what ten thousand slow ones cost the others."""

import multiprocessing
import os
import resource
import socket
import time

import load
import machine
from content import SCRIPT_PATH, Content, files
from figures import Figure
from sides import Edge
from stage import say

COUNT = 10_000
IDLE_MIB = 80        # of the whole edge with so many idle
IDLE_KIB = 6         # each
SLOW_KIB = 10        # each
P99_TIMES = 2        # with slow ones beside, to without
ROUNDS = 3
SETTLE_SECONDS = 15  # past the limit of a head: by then each kind is what it stays
DRIP_EVERY = 2.0     # seconds from one byte of a client to its next
READ_BYTES = 2_048   # that a slow reader takes then: as slow as it may be


def _allow_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = COUNT + 1_000
    if hard < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    elif soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _rss(edge):
    return sum(machine.memory(pid)["Rss"] for pid in edge.pids()) / 1024


def _address(number):
    """Several addresses of the loopback: one alone has not ports enough for those that come again."""
    return f"127.0.0.{2 + number % 8}"


def _connect(port, number, receive_bytes=None):
    made = socket.socket()
    if receive_bytes:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    made.bind((_address(number), 0))
    made.connect(("127.0.0.1", port))
    return made


def _idle(edge):
    """RSS in MiB with so many connections that had one answer each."""
    request = f"GET / HTTP/1.1\r\nHost: {edge.host}\r\n\r\n".encode()
    sockets = []
    try:
        for number in range(COUNT):
            made = _connect(edge.port, number)
            sockets.append(made)
            made.sendall(request)
            if not made.recv(65536).startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"connection {number} got no answer")
        return _rss(edge)
    finally:
        for made in sockets:
            made.close()


class Slow:
    """Clients of which half send their request byte by byte, and half take their answer so. Whoever is
    ended comes again."""

    def __init__(self, edge):
        self.head = f"GET / HTTP/1.1\r\nHost: {edge.host}\r\nX-Slow: ".encode()
        self.want = f"GET /{SCRIPT_PATH} HTTP/1.1\r\nHost: {edge.host}\r\n\r\n".encode()
        self.port = edge.port
        self.clients = []  # [socket, reads, sent]
        self.ended = 0

    def open(self, number):
        reads = number % 2 == 1
        made = _connect(self.port, number, 4_096 if reads else None)
        made.setblocking(False)
        if reads:
            made.send(self.want)
        return [made, reads, 0]

    def drip(self, number):
        made, reads, sent = self.clients[number]
        try:
            if reads:
                self._take(made, READ_BYTES)
                return
            try:
                self._take(made, 1)
                raise ConnectionResetError  # an answer to half a request: it is over
            except BlockingIOError:
                made.send(self.head[sent:sent + 1] or b"a")
                self.clients[number][2] += 1
        except BlockingIOError:
            pass  # nothing has come yet
        except OSError:
            made.close()
            self.ended += 1
            self.clients[number] = self.open(number)

    @staticmethod
    def _take(made, count):
        if made.recv(count) == b"":
            raise ConnectionResetError

    def go_on(self, held, stop, ended):
        """Until told to stop; at an even pace. Says when all are there."""
        os.nice(10)
        _allow_descriptors()
        self.clients = [self.open(number) for number in range(COUNT)]
        held.set()
        pause = 0.02
        share = max(1, int(COUNT * pause / DRIP_EVERY))
        at = 0
        while not stop.is_set():
            begin = time.monotonic()
            for number in range(at, at + share):
                self.drip(number % COUNT)
            at = (at + share) % COUNT
            time.sleep(max(0.0, pause - (time.monotonic() - begin)))
        ended.value = self.ended


def _with_slow(edge, measure):
    """What `measure` says while they are there → (that, how many the edge ended)."""
    held, stop = multiprocessing.Event(), multiprocessing.Event()
    ended = multiprocessing.Value("i", 0)
    process = multiprocessing.Process(target=Slow(edge).go_on, args=(held, stop, ended))
    process.start()
    try:
        if not held.wait(60):
            raise RuntimeError("the slow clients could not connect")
        time.sleep(SETTLE_SECONDS)
        measured = measure()
        if not process.is_alive():
            raise RuntimeError("the slow clients gave up: see above")
    finally:
        stop.set()
        process.join(30)
        if process.is_alive():
            process.terminate()
    return measured, ended.value


def _warm(stage, content):
    """A fresh edge that has served what is asked of it."""
    edge = Edge(stage, content)
    try:
        for path in ("/", f"/{SCRIPT_PATH}"):
            load.cost(edge, edge.port, path, {"Host": edge.host}, 1)
    except BaseException:
        edge.close()
        raise
    return edge


def _idle_figures(stage, content):
    edge = _warm(stage, content)
    try:
        begin = _rss(edge)
        idle = _idle(edge)
    finally:
        edge.close()
    say(f"connections: RSS {begin:.1f} MiB, with {COUNT:,} idle {idle:.1f} MiB")
    return [
        Figure(f"RSS of the edge with {COUNT:,} idle", "MiB", [idle], target=IDLE_MIB,
               note=f"{begin:.1f} MiB before; one answer each, keep-alive, cleartext HTTP/1.1"),
        Figure("each idle connection", "KiB", [(idle - begin) * 1024 / COUNT], target=IDLE_KIB),
    ]


def _slow_figures(stage, content):
    rounds = range(min(stage.rounds, ROUNDS))
    edge = _warm(stage, content)
    try:
        without = [load.slowest(edge.port, edge.host, "/") for _ in rounds]
        begin = _rss(edge)
        (beside, slow), ended = _with_slow(edge, lambda: (
            [load.slowest(edge.port, edge.host, "/") for _ in rounds], _rss(edge)))
    finally:
        edge.close()
    say(f"connections: RSS {begin:.1f} MiB, with {COUNT:,} slow {slow:.1f} MiB; {ended:,} were ended and "
        "came again")
    return [
        Figure("each slow connection", "KiB", [(slow - begin) * 1024 / COUNT], target=SLOW_KIB,
               note=f"RSS {slow:.1f} MiB beside {begin:.1f}; half send a byte every {DRIP_EVERY:g} s, half "
                    f"read {READ_BYTES:,} bytes; {ended:,} were ended and came again"),
        Figure("p99 without slow connections", "ms", without,
               note=f"{load.FIXED_RATE:,} requests/s, 3.5 KB page"),
        Figure(f"p99 beside {COUNT:,} slow ones", "ms", beside,
               note="who is slow shares the core of who asks"),
        Figure("p99, slow to without", "×", [late / soon for late, soon in zip(beside, without)],
               target=P99_TIMES),
    ]


def run(stage):
    stage.project("bench-edge", files())
    _allow_descriptors()
    content = Content()
    try:
        return _idle_figures(stage, content) + _slow_figures(stage, content)
    finally:
        content.close()
