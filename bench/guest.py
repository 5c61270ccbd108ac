"""Inside the guest of `script/soak vm`: brings the network up, says what machine this is, runs the
journeys that guest-journeys.txt names, and ends with "N passed, N failed"."""

import os
import platform
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ADDRESS, GATEWAY = "192.168.76.15/24", "192.168.76.2"  # of QEMU's user network in script/soak

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/journeys")]


def words(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()


def network():
    device = next(d.name for d in Path("/sys/class/net").iterdir() if d.name != "lo")
    for argv in (["link", "set", "lo", "up"], ["link", "set", device, "up"],
                 ["addr", "add", ADDRESS, "dev", device], ["route", "add", "default", "via", GATEWAY]):
        subprocess.run(["ip", *argv], check=True)


def introduce():
    controllers = Path("/sys/fs/cgroup/cgroup.controllers")
    unified = f"v2 ({controllers.read_text().strip()})" if controllers.exists() else "not v2"
    print(f"guest: Debian {Path('/etc/debian_version').read_text().strip()}, kernel "
          f"{platform.release()}, {words('systemctl', '--version').splitlines()[0]}, "
          f"cgroup {unified}, {words('systemd-detect-virt') or 'unknown'}", flush=True)
    print(words(str(ROOT / "build/release/berth"), "doctor"), flush=True)


def explain():
    """What one asks first when a sandbox did not start."""
    mounts = [line for line in Path("/proc/self/mountinfo").read_text().splitlines()
              if "cgroup" in line] + [words("ls", "/sys/fs/cgroup")]
    print("cgroup mounts:\n  " + "\n  ".join(mounts), flush=True)
    for log in Path("/tmp").glob("berth-journey-*/berth.log"):
        print(f"{log}:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-30:]), flush=True)


def journeys():
    import run  # tests/run.py: the same counting and the same last line

    names = [line for line in (HERE / "guest-journeys.txt").read_text().split() if line]
    count = run.Count()
    run.Result.count = count
    with open(os.devnull, "w") as nowhere:
        suite = unittest.defaultTestLoader.loadTestsFromNames(names)
        unittest.TextTestRunner(stream=nowhere, resultclass=run.Result, verbosity=0).run(suite)
    return count


def main():
    network()
    introduce()
    os.environ["BERTH_KEEP"] = "1"  # the logs; the guest is thrown away anyway
    # It may be emulated: a build needs more time before it reaches any other limit, and npm more
    # than Berth gives it to say where its registry is.
    os.environ["BERTH_JOURNEY_BUILD_MINUTES"] = "10"
    tools = ROOT / "build/toolchain/node/bin"
    os.environ["BERTH_NPM_REGISTRY"] = words(str(tools / "node"), str(tools / "npm"), "config", "get",
                                             "registry")
    count = journeys()
    if count.failed:
        explain()
    print(f"{count.passed} passed, {len(count.failed)} failed", flush=True)
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
