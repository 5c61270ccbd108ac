"""What a Berth must not leave behind: processes of sandboxes, mounts, cgroups, namespaces, loop
devices."""

import os
from pathlib import Path

FIRST_TENANT_UID = 1 << 20


def of_another(process, instance):
    """Whether its cgroup says that a process belongs to another Berth of this machine."""
    groups = (process / "cgroup").read_text()
    return "/berth-" in groups and instance not in groups


def sandbox_processes(first_uid=FIRST_TENANT_UID, instance=None):
    """Processes whose real uid lies in a tenant's range; those of other Berths not, if one is named."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            status = (entry / "status").read_text()
            uid = int(status.split("Uid:")[1].split()[0])
            elsewhere = instance is not None and of_another(entry, instance)
        except (OSError, IndexError):
            continue
        if first_uid <= uid < 1 << 31 and not elsewhere:
            found.append(f"{entry.name} {status.split()[1]}")
    return found


def loop_devices(data):
    found = []
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            text = backing.read_text().strip()
        except OSError:
            continue
        if str(data) in text:
            found.append(f"{backing.parts[3]} {text}")
    return found


def mounts(data):
    found = []
    for table in ["/proc/self/mountinfo"]:
        found += [line for line in Path(table).read_text().splitlines() if str(data) in line]
    return found


def cgroups(instance):
    root = Path("/sys/fs/cgroup")
    return [str(path) for depth in ("*", "*/*", "*/*/*") for path in root.glob(depth)
            if instance in path.name]


def processes_of(instance):
    """Whose command line names the instance, or who work in its namespaces."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            text = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if instance in text:
            found.append(f"{entry.name} {text[:200]}")
    return found


def after_stop(berth, instance, first_uid=FIRST_TENANT_UID):
    """Everything that is still there after `berth serve` ended; empty when all is well."""
    return {kind: left for kind, left in {
        "sandbox processes": sandbox_processes(first_uid, instance),
        "loop devices": loop_devices(berth.data),
        "mounts": mounts(berth.data),
        "cgroups": cgroups(instance),
        "processes": processes_of(instance),
        "run directory": [f"/run/berth/{instance}"] if Path(f"/run/berth/{instance}").exists() else [],
    }.items() if left}
