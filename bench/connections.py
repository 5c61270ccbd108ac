"""What a connection that does nothing costs the edge, and what ten thousand slow ones cost the others: on the
edge, and, as a control, on the floor, which tells what of it is the kernel's and the clients' own."""

import multiprocessing
import os
import resource
import socket
import time

import load
import machine
from content import SCRIPT_PATH, Content, files
from edge import raw
from figures import Figure
from sides import Edge, Floor
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
PACE_LEAST = 0.9     # of what they should do: else it was not they who were measured


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

    def __init__(self, side):
        self.head = f"GET / HTTP/1.1\r\nHost: {side.host}\r\nX-Slow: ".encode()
        self.want = f"GET /{SCRIPT_PATH} HTTP/1.1\r\nHost: {side.host}\r\n\r\n".encode()
        self.port = side.port
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

    def go_on(self, held, stop, ended, pace):
        """Until told to stop; at an even pace. Says when all are there. Whoever else wants the core has it
        at once: with a niceness of 10 alone, those who are measured waited for us."""
        load.on_other_cores()
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        _allow_descriptors()
        self.clients = [self.open(number) for number in range(COUNT)]
        held.set()
        pause = 0.02
        share = max(1, int(COUNT * pause / DRIP_EVERY))
        at, turns, since = 0, 0, time.monotonic()
        while not stop.is_set():
            turns += 1
            for number in range(at, at + share):
                self.drip(number % COUNT)
            at = (at + share) % COUNT
            time.sleep(max(0.0, since + turns * pause - time.monotonic()))
        ended.value = self.ended
        pace.value = turns * pause / (time.monotonic() - since)


def _with_slow(side, measure):
    """What `measure` says while they are there → (that, how many the side ended)."""
    held, stop = multiprocessing.Event(), multiprocessing.Event()
    ended, pace = multiprocessing.Value("i", 0), multiprocessing.Value("d", 0.0)
    process = multiprocessing.Process(target=Slow(side).go_on, args=(held, stop, ended, pace))
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
    if pace.value < PACE_LEAST:
        raise RuntimeError(f"the slow clients had no time for more than {pace.value:.0%} of what they do: "
                           "they need 7 % of a core that nobody else wants; the machine is not idle")
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


def _p99(side, rounds):
    return [load.slowest(side.port, side.host, "/") for _ in range(rounds)]


def _slow_on_edge(stage, content, rounds):
    """→ (p99 without them, beside them, figures of memory, the floor's side for the same)"""
    edge = _warm(stage, content)
    try:
        floor = Floor(raw(edge.port, edge.host, "/", {})[1],
                      {f"/{SCRIPT_PATH}": raw(edge.port, edge.host, f"/{SCRIPT_PATH}", {})[1]})
        without = _p99(edge, rounds)
        begin = _rss(edge)
        (beside, slow), ended = _with_slow(edge, lambda: (_p99(edge, rounds), _rss(edge)))
    finally:
        edge.close()
    say(f"connections: RSS {begin:.1f} MiB, with {COUNT:,} slow {slow:.1f} MiB; {ended:,} were ended and "
        "came again")
    memory = Figure("each slow connection", "KiB", [(slow - begin) * 1024 / COUNT], target=SLOW_KIB,
                    note=f"RSS {slow:.1f} MiB beside {begin:.1f}; half send a byte every {DRIP_EVERY:g} s, "
                         f"half read {READ_BYTES:,} bytes; {ended:,} were ended and came again")
    return without, beside, memory, floor


def _slow_figures(stage, content):
    rounds = min(stage.rounds, ROUNDS)
    without, beside, memory, floor = _slow_on_edge(stage, content, rounds)
    try:
        floor_without = _p99(floor, rounds)
        floor_beside, _ = _with_slow(floor, lambda: _p99(floor, rounds))
    finally:
        floor.close()
    return [
        memory,
        Figure("p99 without slow connections", "ms", without,
               note=f"{load.FIXED_RATE:,} requests/s, 3.5 KB page"),
        Figure(f"p99 beside {COUNT:,} slow ones", "ms", beside,
               note="who is slow shares the core of who asks, and gives way to them"),
        Figure("p99, slow to without", "×", [late / soon for late, soon in zip(beside, without)],
               target=P99_TIMES),
        Figure("control: the floor's p99 without", "ms", floor_without),
        Figure("control: the floor's p99 beside them", "ms", floor_beside,
               note="the same clients, of a loop that only sends prebuilt answers"),
        Figure("control: the floor's, slow to without", "×",
               [late / soon for late, soon in zip(floor_beside, floor_without)]),
        Figure("p99 beside slow ones, Berth to the floor", "×",
               [ours / other for ours, other in zip(beside, floor_beside)]),
    ]


def run(stage):
    stage.project("bench-edge", files())
    _allow_descriptors()
    content = Content()
    try:
        return _idle_figures(stage, content) + _slow_figures(stage, content)
    finally:
        content.close()
