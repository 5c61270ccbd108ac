"""Runs a command as an ordinary user who may make sandboxes, and leaves no trace on the machine:
the user's name, subordinate ids and /dev/net/tun are there in a mount namespace of its own alone.

usage, as root: as_user.py FOLDER WITHOUT COMMAND ARGUMENT…
FOLDER becomes the user's; WITHOUT is a list of what shall not be there: "subuids,tun" or "-".
The command is opened before, so that its path may be out of the user's reach."""

import ctypes
import os
import stat
import subprocess
import sys
from pathlib import Path

UID = 70_003
FIRST_ID = 700_000
IDS = 65_536
NEW_MOUNTS = 0x20000  # CLONE_NEWNS


def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True)


def main():
    folder, without, command = Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:]
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_MOUNTS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    mount("--make-rprivate", "/")
    view = folder / ".view"
    view.mkdir(exist_ok=True)
    mount("-t", "tmpfs", "-o", "mode=0755", "view", view)
    ids = "" if "subuids" in without else f"berth-user:{FIRST_ID}:{IDS}\n"
    names = Path("/etc/passwd").read_text()
    for name, text in {
        "passwd": f"{names}berth-user:x:{UID}:{UID}::{folder}:/bin/sh\n",
        "subuid": ids,
        "subgid": ids,
    }.items():
        (view / name).write_text(text)
        mount("--bind", view / name, f"/etc/{name}")
    os.mknod(view / "tun", stat.S_IFCHR, os.makedev(10, 200))
    os.chmod(view / "tun", 0o600 if "tun" in without else 0o666)
    mount("--bind", view / "tun", "/dev/net/tun")
    os.chown(folder, UID, UID)
    for path in folder.glob("*"):
        if path.name != ".view" and path.stat().st_uid == 0:
            os.chown(path, UID, UID)
    program = os.open(command[0], os.O_RDONLY)
    os.setgroups([])
    os.setresgid(UID, UID, UID)
    os.setresuid(UID, UID, UID)
    os.chdir("/")
    os.execve(program, command, dict(os.environ, HOME=str(folder / "home")))


if __name__ == "__main__":
    main()
