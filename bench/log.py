"""The log, from a build to a reader on the WebSocket: lines per second, and how late one line is."""

import json
import re
import time

from figures import Figure, percentile
from stage import say
from websocket import lines_of, log_frames

LINES = 200_000
TICKS = 100
FLOOD = f"seq -f 'flood %07.0f src/components/Button.tsx transformed in 12 ms, 4.21 kB' 1 {LINES}"
TICKER = ("node -e \"let n=0;const t=setInterval(()=>{console.log('tick '+Date.now());"
          f"if(++n==={TICKS})clearInterval(t)}},100)\"")


def _files(script):
    package = {"name": "bench-log", "version": "1.0.0", "private": True,
               "scripts": {"build": "sh build.sh"}}
    page = f"mkdir -p dist; echo {time.time_ns()} > dist/index.html\n"
    return {"package.json": json.dumps(package), "build.sh": f"{page}{script}\n"}


def _frames(stage, script):
    stage.git.commit("bench-log", _files(script))
    deployment, _ = stage.deploy("bench-log")
    frames = list(log_frames(stage.berth, deployment))
    stage.ended_well(deployment)
    return frames


def _flood(stage):
    """Lines per second between the arrivals of the first and the last line, nothing missing."""
    first = last = 0.0
    expected = 1
    for arrived, frame in _frames(stage, FLOOD):
        for _, text in lines_of(frame):
            found = re.match(rb"flood (\d+)", text)
            if found is None:
                continue
            if int(found.group(1)) != expected:
                raise RuntimeError(f"line {expected} is missing: {text!r}")
            expected += 1
            first, last = first or arrived, arrived
    if expected != LINES + 1:
        raise RuntimeError(f"{expected - 1} of {LINES} lines")
    return LINES / (last - first)


def _lateness(stage):
    """Milliseconds from the build's own clock to the reader's, line by line."""
    late = []
    for arrived, frame in _frames(stage, TICKER):
        for _, text in lines_of(frame):
            found = re.match(rb"tick (\d+)", text)
            if found is not None:
                late.append(arrived * 1000 - int(found.group(1)))
    if len(late) != TICKS:
        raise RuntimeError(f"{len(late)} of {TICKS} lines")
    return late


def run(stage):
    stage.project("bench-log", _files("true"), "--output", "dist")
    rates, late = [], []
    for turn in range(stage.rounds):
        rates.append(_flood(stage))
        late.append(_lateness(stage))
        say(f"log: round {turn + 1} of {stage.rounds}: {rates[-1]:,.0f} lines/s, "
            f"p50 {percentile(late[-1], 50):.0f} ms, p95 {percentile(late[-1], 95):.0f} ms")
    reader = "reader: WebSocket berth.log.v1 with acknowledgements, every number checked"
    single = f"{TICKS} lines a round, one each 100 ms; the build's clock against the reader's"
    return [
        Figure("log, lines from build to reader", "lines/s", rates,
               note=f"a build prints {LINES:,} lines of 70 bytes; first to last arrival; {reader}"),
        Figure("log, one line late: p50", "ms", [percentile(l, 50) for l in late], note=single),
        Figure("log, one line late: p95", "ms", [percentile(l, 95) for l in late]),
    ]
