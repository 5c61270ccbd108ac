"""Makes hostile output trees, one after the other, and collects each as a build's would be. Runs inside
a sandbox, in /build. usage: trees.py SEED FIRST COUNT COLLECT_SCRIPT

Writes for each tree to stdout: a line "INDEX EXPECTED EXIT BYTES" and so many bytes of tar. EXPECTED is
"safe", "unsafe", "large" or "raced". What is inside a tree begins with "inside"; what lies around it
says OUTSIDE."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys

seed, first, count, script = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
AROUND = "/tmp/around"
tar_bytes_max = 2 << 20
# The names have to come out as they are, whatever the locale.
fs = os.fsencode


def put(path, text="inside"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)


def link(target, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(target, path)


def fifo(path):
    os.mkfifo(path)


def unix_socket(path):
    here = os.getcwd()
    os.chdir(os.path.dirname(path))
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(os.path.basename(path))
    os.chdir(here)


def chain(dist, name, n, end):
    for i in range(n):
        link(f"{name}-{i + 1}" if i + 1 < n else end, f"{dist}/{name}-{i}")


def hard(dist):
    put(f"{dist}/../beside", "inside, by another name")
    os.link(f"{dist}/../beside", f"{dist}/hard")
    os.link(f"{dist}/hard", f"{dist}/hard-again")


def deep(dist, levels, name):
    put(f"{dist}/" + "/".join([name] * levels) + "/file")


def sparse(dist, size):
    put(f"{dist}/sparse")
    os.truncate(f"{dist}/sparse", size)


def modes(dist):
    put(f"{dist}/set-uid")
    os.chmod(f"{dist}/set-uid", 0o6755)
    put(f"{dist}/closed/file")
    os.chmod(f"{dist}/closed", 0o555)


def mirrors(dist):
    put(f"{dist}/tree/a/file")
    link("tree", f"{dist}/mirror")
    link("mirror/a", f"{dist}/mirror-of-a")


SAFE = [
    lambda d, r: put(f"{d}/file-{r.randrange(9)}", "inside " * r.randrange(400)),
    lambda d, r: put(f"{d}/empty", ""),
    lambda d, r: put(f"{d}/ünïcödé/日本語 file"),
    lambda d, r: put(f"{d}/-rf/--checkpoint-action=exec=sh"),
    lambda d, r: put(f"{d}/'\"$(id)`id`;|&/*?[x]"),
    lambda d, r: put(f"{d}/" + "n" * 255),
    lambda d, r: deep(d, r.randrange(1, 40), "deep"),
    lambda d, r: (put(f"{d}/real"), link("real", f"{d}/link")),
    lambda d, r: (put(f"{d}/end"), chain(d, "short", r.randrange(1, 8), "end")),
    lambda d, r: mirrors(d),
    lambda d, r: hard(d),
    lambda d, r: modes(d),
    lambda d, r: sparse(d, r.randrange(1 << 20)),
    lambda d, r: unix_socket(f"{d}/socket"),  # tar leaves them out, and says so
    lambda d, r: os.makedirs(f"{d}/nothing/in/here"),
    lambda d, r: put(f"{d}/.git/config", "inside, left out"),
    lambda d, r: put(f"{d}/node_modules/x", "inside, left out"),
]
UNSAFE = [
    lambda d, r: link("/etc/passwd", f"{d}/passwd"),
    lambda d, r: link(f"{AROUND}/word", f"{d}/word"),
    lambda d, r: link(AROUND, f"{d}/around"),
    lambda d, r: link("/proc/self/environ", f"{d}/environ"),
    lambda d, r: link("/proc/self/cwd/../word", f"{d}/cwd"),
    lambda d, r: link("../word", f"{d}/up"),
    lambda d, r: link("../../../../../../etc/shadow", f"{d}/higher"),
    lambda d, r: (link("..", f"{d}/parent"), link("parent/word", f"{d}/by-parent")),
    lambda d, r: (put(f"{d}/s/t/x"), link("../../..", f"{d}/s/t/out"), link("s/t/out/word", f"{d}/far")),
    lambda d, r: chain(d, "out", r.randrange(1, 60), f"{AROUND}/word"),
    lambda d, r: (put(f"{d}/e"), chain(d, "long", r.randrange(42, 60), "e")),  # more links than a kernel follows
    lambda d, r: link("self", f"{d}/self"),
    lambda d, r: (link("b", f"{d}/a"), link("a", f"{d}/b")),
    lambda d, r: (put(f"{d}/round/x"), link(".", f"{d}/round/itself")),
    lambda d, r: (put(f"{d}/round2/x"), link("../round2", f"{d}/round2/itself")),
    lambda d, r: link("nowhere", f"{d}/dangling"),
    lambda d, r: link("./..", f"{d}/dots"),
    lambda d, r: link("/build/" + os.path.relpath(d, "/build") + "/x", f"{d}/absolute-inside"),
    lambda d, r: fifo(f"{d}/fifo"),
    lambda d, r: put(f"{d}/new\nline"),
    lambda d, r: put(f"{d}/esc\x1b[2J"),
    lambda d, r: put(f"{d}/back\\slash"),
    lambda d, r: put(f"{d}/del\x7f"),
    lambda d, r: put(fs(f"{d}/not-") + b"\xff\xfe-utf8"),
]
LARGE = [
    lambda d, r: deep(d, 60, "d" * 40),
    lambda d, r: sparse(d, 1 << 34),
    lambda d, r: [put(f"{d}/many/{i}", "") for i in range(450)],
]


def remove(tree):
    if subprocess.run(["rm", "-rf", tree], stderr=subprocess.DEVNULL).returncode:
        subprocess.run(["chmod", "-R", "u+rwX", tree])
        shutil.rmtree(tree)


def race(path):
    """A process that swaps `path` between what it is and a way out, until it is killed."""
    pid = os.fork()
    if pid:
        return pid
    os.symlink(f"{AROUND}/word" if os.path.isfile(path) else AROUND, path + ".way-out")
    while True:
        os.rename(path, path + ".kept")
        os.rename(path + ".way-out", path)
        os.rename(path, path + ".way-out")
        os.rename(path + ".kept", path)


def make(index, rng):
    """The expectation, and the path to race for, if any."""
    root = f"/build/t{index}"
    dist = f"{root}/dist"
    os.makedirs(dist)
    put(f"{root}/word", "OUTSIDE")
    put(f"{dist}/index.html")
    for item in rng.sample(SAFE, rng.randrange(0, 6)):
        item(dist, rng)
    kind = index % 8
    if kind in (0, 1):
        return "safe", None
    if kind == 2:
        put(f"{dist}/race/file", "inside" * 1000)
        put(f"{dist}/race/folder/file", "inside" * 1000)
        for i in range(60):
            put(f"{dist}/race/folder/{i}")
        return "raced", f"{dist}/race" + rng.choice(["", "/file", "/folder"])
    if kind == 3:
        return "raced", dist
    if kind == 4:
        rng.choice(LARGE)(dist, rng)
        return "large", None
    if kind == 5 and rng.random() < 0.3:  # the directory itself leads away
        remove(dist)
        link(rng.choice([AROUND, "/etc", "../../..", "/proc/self", "/"]), dist)
        return "unsafe", None
    for item in rng.sample(UNSAFE, rng.randrange(1, 3)):
        item(dist, rng)
    return "unsafe", None


def collect(root):
    """Exit code and at most so many bytes of the stream."""
    done = subprocess.Popen(["sh", "-c", script, "berth-collect", root, "./dist"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    text = done.stdout.read(tar_bytes_max + 1)
    done.stdout.close()
    return done.wait(), text


os.umask(0o022)
os.makedirs(f"{AROUND}/folder", exist_ok=True)
put(f"{AROUND}/word", "OUTSIDE")
put(f"{AROUND}/file", "OUTSIDE")
put(f"{AROUND}/folder/file", "OUTSIDE")
out = sys.stdout.buffer
for index in range(first, first + count):
    expected, racing = make(index, random.Random(seed * 1_000_003 + index))
    racer = race(racing) if racing else None
    code, text = collect(f"/build/t{index}")
    if racer:
        os.kill(racer, signal.SIGKILL)
        os.waitpid(racer, 0)
    out.write(b"%d %s %d %d\n" % (index, expected.encode(), code, len(text)))
    out.write(text)
    out.flush()
    remove(f"/build/t{index}")
