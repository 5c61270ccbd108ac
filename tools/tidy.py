#!/usr/bin/env python3
"""The house's rules that a compiler does not know: which room may include which, and what nobody
may use. Each ban says what to use instead."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# docs/architecture.md, "The rooms": what a room may include beside base and itself.
ROOMS = {
    "base": "",
    "http": "",
    "visitors": "http",
    "db": "",
    "bus": "",
    "objects": "http",
    "artifacts": "http objects rules visitors",
    "jobs": "artifacts",
    "rules": "http",
    "githosts": "http rules",
    "identity": "http",
    "traffic": "",
    "accounts": "db identity",
    "projects": "db accounts githosts jobs rules traffic visitors",
    "logs": "db bus objects jobs",
    "deployments": "db accounts bus objects projects artifacts rules jobs logs",
    "notifications": "db accounts",
    "plans": "jobs rules",
    "engines": "http",
    "builds": "http engines artifacts rules jobs plans",
    "edge": "http objects artifacts rules traffic visitors",
    "api": "http visitors db bus objects artifacts jobs rules githosts identity traffic accounts projects "
           "logs deployments notifications",
    "worker": "http builds engines jobs artifacts",
    "local": "http builds engines jobs artifacts plans",
    "cli": "http plans rules jobs",
    "roles": "*",
}

BANS = [
    (r"\b(?:system|popen|wordexp)\s*\(", "start programs by argv: base/process.hpp", "engines/init.cpp"),
    (r'"/bin/sh"|"sh",\s*"-c"|"bash",\s*"-c"', "user commands run through a shell only inside the sandbox", "builds/"),
    (r"<toml\+\+/", "base/toml.hpp, whose parser survives hostile texts", "base/"),
    (r"asio::detached", "spawn(executor, task, what): base/task.hpp", ""),
    (r"awaitable_operators", "within(limit, task): base/within.hpp", ""),
    (r"\bnew\s+[A-Za-z_:]+[\s({;]", "std::make_unique", ""),
    (r"\bFIXME\b|\bTODO\b|\bXXX\b", "finish it, or open an issue", ""),
    (r"\[[^\]\n]*\]\s*\([^)\n]*\)\s*(?:mutable\s*)?->\s*(?:Task|asio::awaitable)<", "a coroutine is a named function", ""),
]


def sources():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard",
                             "src"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split() if name.endswith((".cpp", ".hpp"))]


def without_comments(text):
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def check_includes(path, room, text, problems):
    allowed = ROOMS[room].split()
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'#include "([a-z]+)/', line)
        if not found or found.group(1) not in ROOMS:
            continue
        other = found.group(1)
        if other in (room, "base") or other in allowed or "*" in allowed:
            continue
        problems.append(f"{path.relative_to(ROOT)}:{number}: {room} may not include {other} "
                        f"(it may: {', '.join(['base', *allowed])})")


def without_strings(text):
    text = re.sub(r'R"(\w*)\(.*?\)\1"', lambda m: '""' + "\n" * m.group().count("\n"), text, flags=re.S)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def check_bans(path, text, problems):
    inside = str(path.relative_to(ROOT / "src"))
    for pattern, instead, home in BANS:
        if home and inside.startswith(home):
            continue
        of_strings = '"' in pattern
        if of_strings and (inside.endswith("_test.cpp") or inside == "engines/engine_runs.hpp"):
            continue  # tests of the sandbox run shells inside it
        for found in re.finditer(pattern, text if of_strings else without_strings(text)):
            number = text.count("\n", 0, found.start()) + 1
            problems.append(f"src/{inside}:{number}: '{found.group().strip()}': {instead}")


def check_machine_paths(problems):
    listed = subprocess.run(["git", "grep", "-nIE", r"([^}a-z0-9]/(work|root|farm)/)", "--", "src", "web/src",
                             "script", "tests", "tools", "cmake"], cwd=ROOT, capture_output=True,
                            text=True).stdout
    problems += [f"{line}: a path of one machine" for line in listed.splitlines()
                 if "tools/tidy.py" not in line]


def main():
    problems = []
    for path in sources():
        if not path.exists():
            continue
        room = path.relative_to(ROOT / "src").parts[0]
        text = path.read_text()
        if room in ROOMS:
            check_includes(path, room, text, problems)
        check_bans(path, without_comments(text), problems)
    check_machine_paths(problems)
    print("\n".join(problems) or "tidy")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
