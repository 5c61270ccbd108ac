"""Processor time per request and the slowest hundredth at a fixed rate, of Berth's edge, nginx, h2o, Caddy and
the floor: the same files, one loop each on the same core, in alternating order."""

import http.client
import re
import statistics
from dataclasses import dataclass, field

import load
from content import SCRIPT_PATH, Content, files
from figures import Figure, number
from rules import deploy_rules
from sides import Edge, Floor, peers
from stage import say

P99_ROUNDS = 3
NOTHING = "/nothing/is/here"


@dataclass
class Row:
    """One kind of request, and what is promised of Berth: {other side: at most so many times its cost}."""

    name: str
    path: str
    fields: dict = field(default_factory=dict)
    refused: bool = False  # answered with 404
    spa: bool = False
    etag: bool = False  # asks with the ETag that each side gave
    floor: bool = True
    p99: bool = False
    protocol: str = "h1"
    tls: bool = False
    targets: dict = field(default_factory=dict)


LESS = {"nginx": 1.0, "Caddy": 1.0}
ROWS = [
    Row("3.5 KB page", "/", p99=True, targets={"the floor": 1.25, "nginx": 0.9, "h2o": 0.95, "Caddy": 0.2}),
    Row("100 KB script", f"/{SCRIPT_PATH}", p99=True, targets=LESS),
    Row("100 KB script, gzip", f"/{SCRIPT_PATH}", {"Accept-Encoding": "gzip"}, targets=LESS),
    Row("304", "/", etag=True, targets=LESS),
    Row("404", NOTHING, refused=True, targets=LESS),
    Row("SPA route", "/deep/link", {"Accept": "text/html"}, spa=True, targets=LESS),
    Row("3.5 KB page, TLS", "/", tls=True, floor=False, targets=LESS),
    Row("3.5 KB page, TLS, HTTP/2", "/", tls=True, protocol="h2", floor=False, p99=True,
        targets={"nginx": 0.8, "Caddy": 1.0}),
    Row("100 KB script, TLS", f"/{SCRIPT_PATH}", tls=True, floor=False, targets=LESS),
    Row("100 KB script, TLS, HTTP/2", f"/{SCRIPT_PATH}", tls=True, protocol="h2", floor=False,
        targets=LESS),
]


def raw(port, host, path, fields):
    """The whole answer as it comes, for the floor to repeat: (status, bytes)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host, **fields})
        answer = connection.getresponse()
        body = answer.read()
        head = f"HTTP/1.1 {answer.status} {answer.reason}\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in answer.getheaders())
        return answer.status, head.encode("latin-1") + b"\r\n" + body, answer.headers
    finally:
        connection.close()


class Ask:
    """A row's request to one side."""

    def __init__(self, row, side):
        self.row, self.side = row, side
        self.host = side.spa_host if row.spa else side.host
        self.port = side.tls_port if row.tls else side.spa_port if row.spa else side.port
        self.fields = dict(row.fields)
        if row.etag:
            self.fields["If-None-Match"] = raw(self.port, self.host, row.path, {})[2]["ETag"]

    def check(self):
        """What is measured is what was meant."""
        if self.row.tls:
            return
        wanted = 304 if self.row.etag else 404 if self.row.refused else 200
        status, answer, headers = raw(self.port, self.host, self.row.path, self.fields)
        coding = headers.get("Content-Encoding", "none")
        if status != wanted or ("Accept-Encoding" in self.fields) != (coding == "gzip"):
            raise RuntimeError(f"{type(self.side).__name__}, {self.row.name}: {status}, coding {coding}")

    def cost(self, seconds):
        if self.row.tls:
            return load.cost_h2load(self.side, self.port, self.host, self.row.path, self.row.protocol,
                                    "https", seconds, self.fields)
        # wrk takes 304 for a good answer.
        return load.cost(self.side, self.port, self.row.path, {"Host": self.host, **self.fields},
                         seconds, self.row.refused)

    def slowest(self):
        scheme = "https" if self.row.tls else "http"
        return load.slowest(self.port, self.host, self.row.path, self.row.protocol, scheme)


def _asks(row, edge, others):
    """{side's name: its ask}, and reasons for those that are not there."""
    sides = {"Berth": edge, **others}
    lacking = [f"{name}: {side.why_no_tls}" for name, side in sides.items()
               if row.tls and side.tls_port is None]
    asks = {name: Ask(row, side) for name, side in sides.items()
            if not row.tls or side.tls_port is not None}
    floor = None
    if row.floor:
        ask = asks["Berth"]
        floor = Floor(raw(ask.port, ask.host, row.path, ask.fields)[1])
        asks["the floor"] = Ask(Row(row.name, row.path, refused=row.refused), floor)
    for name, ask in asks.items():
        if name != "the floor":
            ask.check()
    return asks, lacking, floor


def _measure(row, stage, edge, others):
    asks, lacking, floor = _asks(row, edge, others)
    if "Berth" not in asks:
        say(f"edge: {row.name}: skipped. {'; '.join(lacking)}")
        return {}, {}
    costs = {name: [] for name in asks}
    slowest = {name: [] for name in asks}
    try:
        for ask in asks.values():
            ask.cost(1)
        for turn in range(stage.rounds):
            for name in sorted(asks, reverse=turn % 2 == 1):
                costs[name].append(asks[name].cost(stage.seconds))
                if row.p99 and turn < P99_ROUNDS:
                    slowest[name].append(asks[name].slowest())
    finally:
        if floor is not None:
            floor.close()
    say(f"edge: {row.name}: " + ", ".join(
        f"{name} {statistics.median(cost for cost, _ in found):.1f} µs" for name, found in costs.items()))
    return costs, slowest


def _figures(row, costs, slowest):
    figures = []
    for name, found in costs.items():
        rate = statistics.median(rate for _, rate in found)
        figures.append(Figure(f"{row.name}: {name}", "µs", [cost for cost, _ in found],
                              note=f"{rate:,.0f} requests/s"))
    for name, most in row.targets.items():
        if name in costs:
            ratios = [ours / other for (ours, _), (other, _) in zip(costs["Berth"], costs[name])]
            figures.append(Figure(f"{row.name}: Berth to {name}", "×", ratios, target=most))
    for name, found in slowest.items():
        if found:
            figures.append(Figure(f"{row.name}: p99, {name}", "ms", found,
                                  note=f"{load.FIXED_RATE:,} requests/s of {load.RATE_CONNECTIONS} "
                                       "connections"))
    return figures


def _table(rows):
    """Medians side by side."""
    names = ["Berth", "the floor", "nginx", "h2o", "Caddy"]
    lines = [f"{'µs per request':<28}" + "".join(f"{name:>12}" for name in names)]
    for row, costs in rows:
        cells = [number(statistics.median(cost for cost, _ in costs[name])) if name in costs else "-"
                 for name in names]
        lines.append(f"{row.name:<28}" + "".join(f"{cell:>12}" for cell in cells))
    return lines


def _deploy(stage):
    stage.project("bench-edge", files())
    stage.project("bench-spa", {**files(), "_redirects": "/* /index.html 200\n"})


def _rules_rows(stage, edge):
    """The page, on sites with 10, 1,000 and 45,000 lines."""
    _, sites = deploy_rules(stage)
    asks = {}
    for count, name in sites.items():
        ask = Ask(Row(f"page beside {count:,} rules", "/"), edge)
        ask.host = f"{name}.localhost:{edge.port}"
        ask.check()
        ask.cost(1)
        asks[count] = ask
    costs = {count: [] for count in asks}
    for turn in range(stage.rounds):
        for count in sorted(asks, reverse=turn % 2 == 1):
            costs[count].append(asks[count].cost(stage.seconds)[0])
    return [Figure(f"page beside {count:,} rules: Berth", "µs", found) for count, found in costs.items()]


def run(stage):
    _deploy(stage)
    wanted = re.compile(stage.pattern)
    content = Content()
    edge, others, figures, table = None, {}, [], []
    try:
        edge = Edge(stage, content)
        others = peers(content)
        for row in ROWS:
            if not wanted.search(row.name):
                continue
            costs, slowest = _measure(row, stage, edge, others)
            if costs:
                figures += _figures(row, costs, slowest)
                table.append((row, costs))
        if wanted.search("rules"):
            figures += _rules_rows(stage, edge)
    finally:
        for side in [edge, *others.values()]:
            if side is not None:
                side.close()
        content.close()
    if table and figures:
        figures[0].table = _table(table)
        figures[0].note += (f"; wrk, {load.CONNECTIONS} keep-alive connections for {stage.seconds} s each;"
                            " h2load over TLS; all sides on one core, all together:")
    return figures
