"""What rules cost a request: the same page and a redirect, with 10, 1,000 and 45,000 lines."""

import re

from berth import wait_until
import load
from content import PAGE
from figures import Figure
from stage import say

LINES = [10, 1_000, 45_000]
TARGET_US = 2.0       # more than with 10 lines
TARGET_MS = 2_000     # to compile 45,000


def _redirects(count):
    """Half exact, half with placeholders, as sites that moved have them."""
    lines = [f"/old/page-{i} /new/page-{i}" if i % 2 else f"/blog-{i}/:slug/* /posts/:slug/:splat"
             for i in range(count)]
    return "\n".join(lines) + "\n"


def deploy_rules(stage):
    """A site of each size → (ms to read the largest, {lines: project})."""
    sides, compiled = {}, None
    for count in LINES:
        name = f"bench-rules-{count}"
        made = stage.project(name, {"index.html": PAGE, "_redirects": _redirects(count)})
        log = stage.berth.log_text(made["id"])
        found = re.search(r"(\d+) rules for paths, .* read in (\d+) ms", log)
        if found is None or int(found.group(1)) != count:
            raise RuntimeError(f"{count} lines: {log[-2000:]}")
        compiled = float(found.group(2))
        # `ready` waits for the edges, but not longer than 2 s.
        wait_until(f"{count} lines to be served", lambda name=name: stage.berth.site(
            name, "/old/page-9").headers.get("Location") == "/new/page-9", 30)
        sides[count] = name
    return compiled, sides


class Stages:
    """The edge of the stage's own Berth, as `load` wants a side."""

    def __init__(self, stage):
        self.port = stage.berth.port
        self._pid = stage.berth.roles()["edge"]

    def pids(self):
        return [self._pid]


def run(stage):
    compiled, sides = deploy_rules(stage)
    edge = Stages(stage)
    measured = {(count, path): [] for count in LINES for path in ("/", "/old/page-9")}
    for turn in range(stage.rounds):
        for count, path in sorted(measured, reverse=turn % 2 == 1):
            fields = {"Host": f"{sides[count]}.localhost:{edge.port}"}
            measured[count, path].append(load.cost(edge, edge.port, path, fields, stage.seconds)[0])
        say(f"rules: round {turn + 1} of {stage.rounds}: " + ", ".join(
            f"{count} {path} {found[-1]:.1f} µs" for (count, path), found in measured.items()))
    figures = [Figure("rules, time to read 45,000 lines", "ms", [compiled], target=TARGET_MS)]
    for (count, path), found in measured.items():
        figures.append(Figure(f"rules, cpu per request: {count:,} lines, {path}", "µs", found,
                              note=f"wrk, {stage.seconds} s each, alternating"))
    for path in ("/", "/old/page-9"):
        pairs = [many - few for many, few in
                 zip(measured[LINES[-1], path], measured[LINES[0], path])]
        figures.append(Figure(f"rules, 45,000 lines more than 10: {path}", "µs", pairs,
                              target=TARGET_US))
    return figures
