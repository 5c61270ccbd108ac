"""What the machine knows: processes, their memory and processor time, and what it is."""

import os
import platform
import subprocess
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    text = Path(f"/proc/{pid}/stat").read_text()
    return text.rsplit(")", 1)[1].split()


def cpu_seconds(pids):
    """User and system time of whole processes, threads included."""
    return sum((int(_stat(pid)[11]) + int(_stat(pid)[12])) / TICKS for pid in pids)


def descendants(root):
    """`root` and everything below it, wherever in the tree."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(int(_stat(entry.name)[1]), []).append(int(entry.name))
            except (OSError, IndexError):
                continue
    found, next_ones = [], [root]
    while next_ones:
        pid = next_ones.pop()
        found.append(pid)
        next_ones += children.get(pid, [])
    return found


def naming(text):
    """Processes whose command line names `text`, whoever their parent is; not ourselves."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if text.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def title(pid):
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    name = os.path.basename(words[0])
    return f"{name} {words[1]}" if name == "berth" and len(words) > 1 else name


def memory(pid):
    """{Pss, Rss, Pss_Anon …} in KiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}


def describe(root):
    model = next((line.split(":", 1)[1].strip() for line in
                  Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith(("model name", "Processor"))), platform.machine())
    total = int(Path("/proc/meminfo").read_text().split()[1]) / (1 << 20)
    unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=root, check=False,
                            capture_output=True, text=True).stdout.strip()
    return {"processor": model, "cores": os.cpu_count(), "memory_gib": round(total, 1),
            "kernel": platform.release(), "cgroup": "v2" if unified else "v1 or hybrid",
            "commit": commit, "load": [round(load, 2) for load in os.getloadavg()]}
