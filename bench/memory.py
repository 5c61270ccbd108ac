"""Memory of all processes of one fresh instance together, 60 s after one sign-in."""

import time

import machine
from berth import Berth
from figures import Figure
from stage import say

SETTLE_SECONDS = 60
INSTANCES = 3  # fresh ones; each costs a minute


def _of_one_instance():
    berth = Berth()
    try:
        berth.start().set_up()
        time.sleep(SETTLE_SECONDS)
        pids = sorted(set(machine.descendants(berth.process.pid))
                      | set(machine.naming(str(berth.data))))
        rows = []
        for pid in pids:
            try:
                rows.append((machine.title(pid), machine.memory(pid)))
            except (OSError, IndexError):
                continue  # it ended while we looked
        return rows
    finally:
        berth.close()


def run(stage):
    samples, rows = [], []
    count = min(stage.rounds, INSTANCES)
    for turn in range(count):
        say(f"memory: instance {turn + 1} of {count}, a minute of waiting")
        rows = _of_one_instance()
        samples.append(sum(parts["Pss"] for _, parts in rows) / 1024)
    table = [f"{name:<22} PSS {parts['Pss'] / 1024:6.1f} MiB, of it anonymous "
             f"{parts.get('Pss_Anon', 0) / 1024:6.1f} MiB, files {parts.get('Pss_File', 0) / 1024:5.1f} MiB"
             for name, parts in sorted(rows, key=lambda row: -row[1]["Pss"])]
    return [Figure("memory of all processes", "MiB PSS", samples, target=64.0,
                   note=f"{SETTLE_SECONDS} s after one sign-in, {len(rows)} processes; "
                        "the last instance by process:", table=table)]
