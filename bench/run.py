#!/usr/bin/env python3
"""Measures what Berth promises: medians and ranges from one run, beside its peers."""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import machine  # noqa: E402
from stage import ROOT, Stage, say  # noqa: E402
import builds, connections, crowd, deploy, edge, hosts, log, memory, output, rules, sandbox, web  # noqa: E401,E402

BENCHES = {"memory": memory, "sandbox": sandbox, "deploy": deploy, "log": log, "edge": edge,
           "rules": rules, "connections": connections, "hosts": hosts, "builds": builds,
           "output": output, "crowd": crowd, "web": web}


def arguments():
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help=f"{', '.join(BENCHES)}; none is all of them")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of each (default 7)")
    parser.add_argument("--seconds", type=int, default=3, help="of each load on an edge (default 3)")
    parser.add_argument("--rows", default="", metavar="PATTERN",
                        help="edge: only rows of such names (a regular expression)")
    parser.add_argument("--only", default="", metavar="PATTERN",
                        help="builds: only repositories of such names (a regular expression)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHES]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    if options.rounds < 1 or options.seconds < 1:
        parser.error("--rounds and --seconds are at least 1")
    return options


def measure(name, stage):
    """→ (figures, what went wrong or nothing)"""
    begin = time.monotonic()
    try:
        return BENCHES[name].run(stage), ""
    except Exception as wrong:  # one benchmark's failure must not lose the others' figures
        return [], f"{type(wrong).__name__}: {wrong}"
    finally:
        say(f"{name}: took {time.monotonic() - begin:.0f} s")


def main():
    options = arguments()
    host = machine.describe(ROOT)
    if not options.json:
        print(", ".join(f"{key} {value}" for key, value in host.items()), flush=True)
    stage, results, failures = Stage(options), [], {}
    try:
        for name in options.names or BENCHES:
            figures, wrong = measure(name, stage)
            results += figures
            if wrong:
                failures[name] = wrong
            if not options.json:
                print("\n".join(figure.text() for figure in figures) or f"{name} FAILED: {wrong}",
                      flush=True)
    finally:
        stage.close()
    host["load_after"] = machine.describe(ROOT)["load"]
    if options.json:
        print(json.dumps({"machine": host, "rounds": options.rounds, "failures": failures,
                          "figures": [figure.record() for figure in results]}, indent=2))
    else:
        print(f"load before {host['load']}, after {host['load_after']}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
