#!/usr/bin/env python3
"""Runs every test and counts. The last line is "N passed, N failed"."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/services"))

import ceph_rgw  # noqa: E402


class Count:
    def __init__(self):
        self.passed = 0
        self.failed = []

    def add(self, what, ok, seconds, detail=""):
        print(f"{'ok    ' if ok else 'FAILED'} {what} ({seconds:.1f} s)", flush=True)
        if ok:
            self.passed += 1
            return
        if detail:
            print(detail[-6000:], flush=True)
        self.fail(what, detail[-1500:])

    def fail(self, what, detail):
        """Told again at the end: of a long run only the end may be kept."""
        self.failed.append((what, detail.strip()))

    def print_failed(self):
        for what, detail in self.failed:
            print(f"\nFailed: {what}")
            if detail:
                print("  " + detail.replace("\n", "\n  "))


def command(count, what, argv, timeout, cwd=ROOT):
    begin = time.monotonic()
    try:
        done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL)
        ok, detail = done.returncode == 0, done.stdout + done.stderr
    except subprocess.TimeoutExpired as late:
        ok, detail = False, f"did not end within {timeout} s\n{late.stdout or ''}"
    count.add(what, ok, time.monotonic() - begin, detail)


def checks(count):
    files = subprocess.run(["git", "ls-files", "*.cpp", "*.hpp"], cwd=ROOT, capture_output=True,
                           text=True, check=True).stdout.split()
    command(count, "format of C++", ["clang-format-19", "--dry-run", "-Werror", *files], 300)
    command(count, "structure (tools/tidy.py)", ["python3", "tools/tidy.py"], 120)


def tidy_changed(count, preset):
    """clang-tidy on what is not on the upstream branch yet; script/check --all does every file."""
    def changed(*revisions):
        return subprocess.run(["git", "diff", "--name-only", "--diff-filter=d", *revisions, "--",
                               "src/*.cpp"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    files = sorted(set(changed("HEAD") + changed("@{upstream}...HEAD")))
    if files:
        command(count, f"clang-tidy of {len(files)} changed files",
                ["clang-tidy-19", "-p", f"build/{preset}", "--quiet", "--warnings-as-errors=*",
                 *files], 1200)


def unit(count, preset):
    """Contract tests find the real servers through their environment; without it they skip, which
    here counts as a failure."""
    begin = time.monotonic()
    try:
        with ceph_rgw.CephRgw() as server:
            count.add("S3 server (Ceph's gateway) is up", True, time.monotonic() - begin)
            rooms(count, preset, server.environment)
    except RuntimeError as broken:
        count.add("S3 server (Ceph's gateway) is up", False, time.monotonic() - begin, str(broken))
        rooms(count, preset, {})


def rooms(count, preset, environment):
    binaries = sorted((ROOT / "build" / preset / "src").glob("*/berth_*_test"))
    if not binaries:
        count.add("unit tests are there", False, 0)
    for binary in binaries:
        room(count, binary, environment)


def room(count, binary, environment):
    """One room's tests, each case counted."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        try:
            done = subprocess.run([binary, "--gtest_brief=1", f"--gtest_output=json:{report}"],
                                  cwd=folder, capture_output=True, text=True, timeout=600,
                                  stdin=subprocess.DEVNULL, env={**os.environ, **environment})
            output, code = done.stdout + done.stderr, done.returncode
        except subprocess.TimeoutExpired as late:
            output, code = f"did not end within 600 s\n{late.stdout or ''}", -1
        cases = json.loads(report.read_text()) if report.exists() else {"tests": 0}
    failed = failed_cases(cases, code)
    for case, detail in failed:
        count.fail(f"{binary.name}: {case}", detail[:1500] or output[-1500:])
    count.passed += max(0, cases["tests"] - len(failed))
    print(f"{'FAILED' if failed else 'ok    '} {binary.name}: {cases['tests']} cases "
          f"({time.monotonic() - begin:.1f} s)", flush=True)
    if failed:
        print(output[-8000:], flush=True)


def failed_cases(report, code):
    """(name, what it said) each; a case that was skipped is one, for its server was not there."""
    failed = []
    for suite in report.get("testsuites", []):
        for case in suite["testsuite"]:
            said = "\n".join(failure["failure"] for failure in case.get("failures", []))
            if case.get("result") == "SKIPPED":
                said = "skipped: its server is not there"
            if said:
                failed.append((f"{suite['name']}.{case['name']}", said))
    if not failed and code != 0:
        failed.append((f"ended with {code}", ""))
    return failed


def differential(count, preset):
    """Rules beside the peers' own matchers; `script/fuzz differential` asks millions."""
    command(count, "rules beside the peers' own matchers",
            ["node", "tests/differential/run.mjs",
             f"build/{preset}/tests/differential/berth_rules_answers", "--cases", "20000"], 300)


def web(count):
    for script in ("types", "lint", "test", "build", "budget"):
        command(count, f"web: {script}", ["npm", "run", "--silent", script], 300, ROOT / "web")
    command(count, "web: pages, axe and screens", ["node", "e2e/run.mjs", "pages"], 1200,
            ROOT / "web")
    command(count, "web: words that would be scripts", ["node", "e2e/run.mjs", "injection"], 1200,
            ROOT / "web")


class Result(unittest.TextTestResult):
    """One line a journey, as it ends."""

    def startTest(self, test):
        self.begin = time.monotonic()
        super().startTest(test)

    def told(self, test, ok, error=None):
        detail = self._exc_info_to_string(error, test) if error else ""
        self.count.add("journey: " + test.id().split(".", 1)[-1], ok,
                       time.monotonic() - getattr(self, "begin", time.monotonic()), detail)

    def addSuccess(self, test):
        self.told(test, True)

    def addFailure(self, test, error):
        self.told(test, False, error)

    def addError(self, test, error):
        self.told(test, False, error)

    def addSkip(self, test, reason):
        self.told(test, False)
        print(f"       a journey must not skip: {reason}")


def journeys(count, preset, pattern):
    os.environ["BERTH_BINARY"] = str(ROOT / "build" / preset / "berth")
    sys.path.insert(0, str(ROOT / "tests/journeys"))
    loader = unittest.TestLoader()
    if pattern:
        loader.testNamePatterns = [f"*{pattern}*"]
    suite = loader.discover(str(ROOT / "tests/journeys"), "test_*.py")
    Result.count = count
    with open(os.devnull, "w") as nowhere:
        unittest.TextTestRunner(stream=nowhere, resultclass=Result, verbosity=0).run(suite)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--preset", default="release")
    parser.add_argument("--only", choices=["checks", "unit", "web", "journeys"])
    parser.add_argument("-k", dest="pattern", default="")
    options = parser.parse_args()
    count = Count()
    wanted = [options.only] if options.only else ["checks", "unit", "web", "journeys"]
    if "checks" in wanted:
        checks(count)
        tidy_changed(count, options.preset)
    if "unit" in wanted:
        unit(count, options.preset)
        differential(count, options.preset)
    if "web" in wanted:
        web(count)
    if "journeys" in wanted:
        journeys(count, options.preset, options.pattern)
    count.print_failed()
    print(f"{count.passed} passed, {len(count.failed)} failed", flush=True)
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
