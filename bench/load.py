"""Load on one server, and what it cost: processor time per request from the process's own accounting, and
the slowest hundredth at a fixed rate."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import debian
import machine
from figures import percentile

CONNECTIONS = 16
FIXED_RATE = 4_000    # requests per second, of all connections together
RATE_CONNECTIONS = 8


def on_other_cores():
    """The asking side never takes the server's core, where there is another."""
    others = set(range(1, os.cpu_count()))
    if others:
        os.sched_setaffinity(0, others)


def _ahead():
    on_other_cores()
    os.setpriority(os.PRIO_PROCESS, 0, -15)


def _run(argv, ahead=False, **more):
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True,
                          preexec_fn=_ahead if ahead else on_other_cores, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[0]}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.stdout


def cost(side, port, path, fields, seconds, refused=False):
    """Over HTTP/1.1, wrk → (µs of processor time per request, requests per second). `refused`: answers of 4xx
    are what is asked for."""
    headers = [word for name, value in fields.items() for word in ("-H", f"{name}: {value}")]
    before = machine.cpu_seconds(side.pids())
    text = _run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *headers,
                 f"http://127.0.0.1:{port}{path}"])
    spent = machine.cpu_seconds(side.pids()) - before
    if "Socket errors" in text or ("Non-2xx" in text) != refused:
        raise RuntimeError(text)
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    rate = float(re.search(r"Requests/sec:\s*([\d.]+)", text).group(1))
    return spent / requests * 1e6, rate


def _h2load(port, host, path, protocol, scheme, *options, fields=None, ahead=False):
    headers = [word for name, value in (fields or {}).items() for word in ("-H", f"{name}: {value}")]
    argv = [debian.program("h2load"), "-t1", *options, *headers]
    if protocol == "h1":
        argv.append("--h1")
    authority = host.split(":")[0]
    # The address is resolved by no name server: glibc does not know NAME.localhost.
    argv += ["--connect-to", f"127.0.0.1:{port}", f"{scheme}://{authority}:{port}{path}"]
    return _run(argv, ahead, env=debian.environment())


def cost_h2load(side, port, host, path, protocol, scheme, seconds, fields=None):
    """The same through h2load, for TLS and HTTP/2: 10 streams on each of a few connections."""
    streams = "10" if protocol == "h2" else "1"
    before = machine.cpu_seconds(side.pids())
    text = _h2load(port, host, path, protocol, scheme, f"-c{CONNECTIONS}", f"-m{streams}",
                   f"-D{seconds}", "--warm-up-time=0", fields=fields)
    spent = machine.cpu_seconds(side.pids()) - before
    done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", text)
    if done is None or int(done.group(1)) == 0 or int(done.group(2)) or int(done.group(3)):
        raise RuntimeError(text[-1500:])
    requests = int(done.group(1))
    return spent / requests * 1e6, requests / seconds


def slowest(port, host, path, protocol="h1", scheme="http", seconds=3, rate=FIXED_RATE):
    """At a fixed rate → the 99th percentile in ms."""
    return percentile(times_us(port, host, path, protocol, scheme, seconds, rate), 99) / 1000


def times_us(port, host, path, protocol="h1", scheme="http", seconds=3, rate=FIXED_RATE, ahead=False):
    """At a fixed rate → the time of each answer in µs. `ahead`: who asks goes before other processes."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        _h2load(port, host, path, protocol, scheme, f"-c{RATE_CONNECTIONS}", "-m1", f"-D{seconds}",
                f"--rps={rate / RATE_CONNECTIONS:g}", f"--log-file={log}", ahead=ahead)
        answers = [[int(value) for value in line.split("\t")] for line in log.read_text().splitlines()]
    if not answers or any(status >= 400 or status < 0 for _, status, _ in answers):
        raise RuntimeError(f"of {len(answers)} answers not each was a good one")
    return [duration for _, _, duration in answers]
