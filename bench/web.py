"""The dashboard and the lists behind it, on a Berth with 5,000 projects and 10,000 deployments: how soon a
list is answered, how soon the first page is there, and whether a long log stays smooth.

- lists: time to the whole answer, one after another over one connection, p95 of each list's requests.
- largest contentful paint: Chromium's own entry, on the list of projects, nothing cached; the slow lines are
  the browser's emulation.
- log: frames while 10,000 lines a second come, and with a million lines at once; against the mock, which
  writes as fast as it is read."""

import http.client
import json
import os
import subprocess
import time

import many_projects
from berth import EMAIL, PASSWORD
from figures import Figure, percentile
from registry import NODE
from stage import ROOT, say

PROJECTS, DEPLOYMENTS = 5_000, 10_000
REQUESTS = 200
LIST_P95_MS = 50
PAINTS = {"LAN": 800, "9 Mbit": 1000, "slow 4G, processor × 4": 2500}
FRAMES_PER_SECOND = 55
SCROLL_FRAMES = 50
NAME = "bench-web"


def _asked(berth, paths):
    """→ milliseconds to each whole answer"""
    connection = http.client.HTTPConnection("127.0.0.1", berth.port, timeout=30)
    head = {"Host": f"localhost:{berth.port}", "Authorization": f"Bearer {berth.token}"}
    took = []
    for path in paths:
        begin = time.perf_counter()
        connection.request("GET", "/api/v1" + path, headers=head)
        answer = connection.getresponse()
        body = answer.read()
        took.append((time.perf_counter() - begin) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:300]}")
    connection.close()
    return took


def _pages(berth, path):
    """→ the address of each page of a list, by the cursors of its answers"""
    pages, cursor = [], ""
    while cursor is not None:
        address = f"{path}&cursor={cursor}" if cursor else path
        pages.append(address)
        cursor = berth.api("GET", address)["next"]
    return pages


def _lists(stage, berth):
    rows = {"projects, first 100": (["/projects?limit=100"], 1),
            "projects, each page of 100": (_pages(berth, "/projects?limit=100"), PROJECTS / 100),
            "deployments of one, each page of 30":
                (_pages(berth, f"/projects/{NAME}/deployments?limit=30"), DEPLOYMENTS / 2 / 30),
            "one project": ([f"/projects/{NAME}"], 1)}
    figures = []
    for name, (pages, least) in rows.items():
        if len(pages) < least:
            raise RuntimeError(f"{name}: {len(pages)} pages")
        _asked(berth, pages[:20])
        samples = []
        for _ in range(stage.rounds):
            took = _asked(berth, [pages[n % len(pages)] for n in range(REQUESTS)])
            samples.append(percentile(took, 95))
        figures.append(Figure(f"list API p95: {name}", "ms", samples, target=LIST_P95_MS,
                              note=f"{REQUESTS} requests a round over {len(pages)} pages"))
    return figures


def _browser(suite, **variables):
    """→ the JSON objects that a suite of web/e2e prints"""
    done = subprocess.run(["node", "e2e/run.mjs", suite], cwd=ROOT / "web", capture_output=True, text=True,
                          env={**os.environ, "PATH": f"{NODE}:{os.environ['PATH']}", **variables},
                          timeout=900)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not rows:
        raise RuntimeError((done.stdout + done.stderr)[-1500:])
    return rows


def _paints(stage, berth):
    rows = _browser("paint", BERTH_URL=berth.url, BERTH_EMAIL=EMAIL, BERTH_PASSWORD=PASSWORD,
                    BERTH_ROUNDS=str(stage.rounds))
    return [Figure(f"largest contentful paint, {row['line']}", "ms", row["lcp_ms"],
                   target=PAINTS[row["line"]], note=f"{row['bytes'] / 1000:.0f} kB in {row['requests']} requests")
            for row in rows]


def _logs():
    figures = []
    for row in _browser("log"):
        followed = "followed" in row["name"]
        figures.append(Figure(f"log: {row['name']}", "frames/s", [row["fps"]],
                              target=FRAMES_PER_SECOND if followed else None, relation="at least",
                              note=f"{row['lines']} lines, complete: {row['complete']}; p95 of a frame "
                                   f"{row['frame_p95_ms']} ms; {row['heap_mb']} MB of heap"))
    for row in _browser("log", BERTH_LOG_LINES="1000000", BERTH_LOG_ONLY="at once"):
        figures.append(Figure("log: a million lines, scrolled", "frames/s", [row["scroll_fps"]],
                              target=SCROLL_FRAMES, relation="at least",
                              note=f"{row['lines']} lines, complete: {row['complete']}; {row['heap_mb']} MB of heap"))
    return figures


def _build_dashboard():
    """The mock serves the built pages; before the rest, which takes minutes."""
    subprocess.run(["npm", "run", "--silent", "build"], cwd=ROOT / "web", check=True, capture_output=True,
                   env={**os.environ, "PATH": f"{NODE}:{os.environ['PATH']}"})


def run(stage):
    _build_dashboard()
    page = {"index.html": "<!doctype html><title>x</title><h1>Tides</h1>"}
    stage.project(NAME, page)
    berth = stage.berth
    say(f"web: {PROJECTS} projects, {DEPLOYMENTS} deployments")
    berth.stop()
    many_projects.fill(berth, NAME, PROJECTS, DEPLOYMENTS)
    berth.start()
    return _lists(stage, berth) + _paints(stage, berth) + _logs()
