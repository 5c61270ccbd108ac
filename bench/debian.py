"""Programs that only benchmarks need, out of Debian's packages: unpacked under build/, not installed,
so that no service of them starts and nobody else gets them."""

import os
import shutil
import subprocess

from stage import ROOT, say

PACKAGES = ["h2o", "caddy", "nghttp2-client",  # and what these need beside a usual system
            "libev4", "libjansson4", "libjemalloc2", "libxml2", "libicu72", "libyaml-0-2"]
TREE = ROOT / "build/bench/debian"


def unpacked():
    """The folder that the packages are unpacked in. Raises what apt said."""
    if (TREE / "ready").exists():
        return TREE
    say(f"Unpacking Debian packages for benchmarks: {' '.join(PACKAGES)}")
    shutil.rmtree(TREE, ignore_errors=True)
    TREE.mkdir(parents=True)
    done = subprocess.run(["apt-get", "-q", "download", *PACKAGES], cwd=TREE, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"apt-get download: {done.stderr.strip()[-500:]} (apt-get update helps)")
    for package in TREE.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, TREE], check=True)
        package.unlink()
    (TREE / "ready").touch()
    return TREE


def program(name):
    return str(unpacked() / "usr/bin" / name)


def environment(**more):
    libraries = ":".join(str(path) for path in (unpacked() / "usr/lib").glob("*-linux-gnu"))
    return {**os.environ, "LD_LIBRARY_PATH": libraries, **more}
