"""`script/soak kills`: kill -9 at random moments while deployments go in without a pause.
usage: soak_kills.py [--moments 1000] [--seed 1] [--only api,worker] [--gap 1.5] [--at-once 5] [--fresh]

What was found is kept in build/soak; the same seed and roles go on there after an interruption.
Ctrl-C ends early and says how far it came."""

import argparse
import os
import random
import re
import signal
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/journeys"))

import leftovers  # noqa: E402
from berth import Berth, wait_until  # noqa: E402
from gitserver import GitServer  # noqa: E402
from kill_record import Findings, Kills, Record  # noqa: E402
from kill_sites import GRACE_MS, LEASE_MS, Site  # noqa: E402
from kill_visitor import Visitor  # noqa: E402

ROLES = ("api", "worker", "launcher", "edge")
SITES = ["static"] * 4 + ["build"] * 3 + ["fails"]


def kill_again_and_again(berth, kills, record, findings, options, stop):
    """Until so many kills are done in all runs, or `stop`."""
    chance = random.Random(f"{options.seed}:{record.before['moments']}")
    begun, done = time.monotonic(), 0
    while record.before["moments"] + done < options.moments and not stop.is_set():
        role = chance.choice(options.only)
        wait_for_work(berth, role, stop)
        # Half of the moments follow closely, so that they fall into starts and recoveries; the
        # others leave time for what was begun.
        stop.wait(chance.uniform(0, chance.choice((0.5, 4 * options.gap))))
        pid = berth.roles().get(role)
        if pid is None or stop.is_set():
            continue
        kills.add(role)
        os.kill(pid, signal.SIGKILL)
        done += 1
        if done % 20 == 0:
            record.keep(done, time.monotonic() - begun, findings)
            print(f"    {record.figures()}", file=sys.stderr, flush=True)
    return done, time.monotonic() - begun


def wait_for_work(berth, role, stop):
    """Until the role is there again; the api, until it answers: else it never would."""
    while not stop.is_set():
        if role in berth.roles() and (role != "api" or berth.is_ready()):
            return
        time.sleep(0.05)


def end_all(berth, sites, visitor):
    """Nothing dies any more: all that was begun ends, and the sites are what they should be."""
    for site in sites:
        site.over.set()
    for site in sites:
        site.join(240)
        if site.is_alive():
            site.findings.problem(f"{site.name_of_project} {site.number} has not ended")
    visitor.over.set()
    visitor.join(60)
    wait_until("ready", berth.is_ready, 30)
    for site in sites:
        site.judge_end()


def left_behind(berth, instance):
    berth.stop()
    deadline = time.monotonic() + 20
    while (left := leftovers.after_stop(berth, instance)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def parsed():
    options = argparse.ArgumentParser()
    options.add_argument("--moments", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="api,worker")
    options.add_argument("--gap", type=float, default=1.5)
    options.add_argument("--at-once", type=int, default=5)
    options.add_argument("--fresh", action="store_true")
    options = options.parse_args()
    options.only = options.only.split(",")
    if not set(options.only) <= set(ROLES):
        sys.exit(f"soak kills: --only: some of {','.join(ROLES)}")
    return options


def main():
    options = parsed()
    roles = "-".join(options.only)
    record = Record(ROOT / f"build/soak/kills-{options.seed}-{roles}.json", options.fresh)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    git = GitServer()
    berth = Berth("--allow-nets", f"127.0.0.1/32:{git.port}", "--builds", "3", "--build-memory-mb", "512",
                  "--build-disk-mb", "256")
    kills, findings = Kills(), Findings()
    done, seconds = 0, 0
    try:
        berth.start().set_up()
        mounts = Path(f"/proc/{berth.roles()['launcher']}/mountinfo").read_text()
        instance = re.search(r"/run/berth/(ins_\w+)", mounts).group(1)
        room = threading.Semaphore(options.at_once)
        order = f"{options.seed}:{record.before['moments']}"
        sites = [Site(berth, git, f"k{i}-{kind}", kind, kills, findings, room, order)
                 for i, kind in enumerate(SITES)]
        for site in sites:  # toolchains and a first page, before anything dies
            site.deploy_once()
        visitor = Visitor(berth, sites, kills, findings)
        for thread in [visitor, *sites]:
            thread.start()
        done, seconds = kill_again_and_again(berth, kills, record, findings, options, stop)
        end_all(berth, sites, visitor)
        for kind, left in left_behind(berth, instance).items():
            findings.problem(f"left behind: {kind}: {left}")
    except BaseException as broken:
        findings.problem(f"broke off: {broken!r}")
        print(berth.log_tail(), file=sys.stderr)
        raise
    finally:
        record.keep(done, seconds, findings)
        berth.close()
        git.close()
    met = not record.sums["problems"] and record.sums["moments"] >= options.moments
    print(f"{record.figures()}; terminal within {(LEASE_MS + GRACE_MS) // 1000} s with the right reason, none lost, "
          f"stuck or wrong, at {options.moments} moments ({', '.join(options.only)}): {'met' if met else 'not met'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
