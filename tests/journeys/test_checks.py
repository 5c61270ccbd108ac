"""What happens around a deployment: checks that keep it from going live, previews that age and are kept,
redeploys by the clock."""

import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from berth import BINARY, wait_until
from shared import Journey
from test_upload import Folder

PAGE = "<!doctype html><title>Checked</title><h1>{}</h1><a href=/about>About</a>\n"
GATES = """\
[gates]
links = true

[[gates.sizes]]
files = "*.js"
max = "2 kB"

[[gates.routes]]
path = "/about"

[[gates.headers]]
for = "/**/*.html"
require = { x-frame-options = "DENY" }

[[headers]]
for = "/*"
set = { X-Frame-Options = "DENY" }
"""


class Checks(Journey):
    def folder(self, name, files):
        made = Folder(name)
        self.addCleanup(made.close)
        return made.put(files)

    def deploy(self, folder, *words, code=0):
        done = self.berth.berth("deploy", folder.path, "--ref", "main", *words, "--json", "-y")
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout), done.stderr

    def test_what_fails_a_check_is_kept_and_production_stays(self):
        folder = self.folder("jetty", {"index.html": PAGE.format("one"), "about.html": "About",
                                      "app.js": "x" * 1_000, "berth.toml": GATES})
        good, _ = self.deploy(folder)
        self.assertIn("one", self.berth.site("jetty").text)
        passed = self.berth.berth("deployments", "checks", good["deployment"])
        self.assertEqual((passed.returncode, passed.stdout.count("passed")), (0, 4), passed.stdout)

        folder.put({"index.html": PAGE.format("two") + "<a href=/gone>", "app.js": "x" * 3_000})
        held, said = self.deploy(folder, code=5)
        self.assertEqual(json.loads(said.splitlines()[-1])["code"], "checks_failed")
        self.assertIn("one", self.berth.site("jetty").text)
        self.assertIn("two", self.berth.site(held["deployment_url"]).text)
        shown = self.berth.deployment(held["deployment"])
        self.assertEqual((shown["state"], shown["checks"], shown["checks_failed"]), ("ready", 4, 2))
        failed = self.berth.berth("deployments", "checks", held["deployment"])
        self.assertEqual(failed.returncode, 5)
        self.assertIn("app.js: 3.0 kB", failed.stdout)
        self.assertIn("at most 2.0 kB", failed.stdout)
        self.assertIn("index.html: /gone: 404", failed.stdout)
        log = self.berth.log_text(held["deployment"])
        self.assertIn("2 of 4 checks failed", log)

        refused = self.berth.berth("promote", held["deployment"], "--json")
        self.assertEqual(refused.returncode, 7, refused.stderr)
        forced = self.berth.berth("promote", held["deployment"], "--force", "--reason", "hotfix")
        self.assertEqual(forced.returncode, 0, forced.stderr)
        self.assertIn("two", self.berth.site("jetty").text)
        audit = self.berth.api("GET", "/audit?action=production_forced")["items"]
        self.assertEqual(audit[0]["action"], "production_forced")

        back = self.berth.berth("rollback", "-p", "jetty")
        self.assertEqual(back.returncode, 0, back.stderr)
        self.assertIn("one", self.berth.site("jetty").text)

    def test_a_declaration_that_cannot_be_read_is_said_with_line_and_column(self):
        folder = self.folder("mooring", {"index.html": "x", "berth.toml":
                                         "[[gates.sizes]]\nmax = \"much\"\n"})
        made, _ = self.deploy(folder, code=5)
        failed = self.berth.berth("deployments", "checks", made["deployment"])
        self.assertIn("berth.toml:2:7: gates.sizes: 'max' must be a size", failed.stdout)
        self.assertEqual(self.berth.site("mooring").status, 404)

    def test_berth_build_checks_as_a_deployment_does(self):
        data = Path(tempfile.mkdtemp(prefix="berth-checks-"))
        self.addCleanup(shutil.rmtree, data, ignore_errors=True)
        folder = self.folder("slip", {"index.html": "<a href=/gone>", "berth.toml": GATES})
        done = subprocess.run([BINARY, "build", folder.path, "--data", data, "--json"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 5, done.stderr)
        made = json.loads(done.stdout)
        self.assertEqual(made["state"], "ready")
        kinds = {each["kind"]: each["passed"] for each in made["checks"]}
        self.assertEqual(kinds, {"size": True, "route": False, "header": True, "links": False})
        self.assertTrue((Path(made["output"]) / "index.html").is_file())

    def test_a_preview_is_kept_and_listed(self):
        folder = self.folder("berths", {"index.html": "main"})
        self.deploy(folder)
        folder.put({"index.html": "cart"})
        done = self.berth.berth("deploy", folder.path, "--ref", "cart", "--json", "-y")
        self.assertEqual(done.returncode, 0, done.stderr)
        changed = self.berth.berth("projects", "set", "-p", "berths", "preview_days=14",
                                   "preview_branches=!wip/**")
        self.assertEqual(changed.returncode, 0, changed.stderr)
        kept = self.berth.berth("previews", "keep", "cart", "-p", "berths")
        self.assertEqual(kept.returncode, 0, kept.stderr)
        shown = self.berth.berth("previews", "list", "-p", "berths")
        self.assertRegex(shown.stdout, r"cart +ready +.* kept")
        listed = self.berth.api("GET", "/projects/berths/previews")["items"]
        self.assertEqual([(each["ref"], each["kept"]) for each in listed], [("cart", True)])
        self.assertIn("cart", self.berth.site(listed[0]["url"]).text)

    def test_a_schedule_redeploys(self):
        folder = self.folder("tides", {"index.html": "tides"})
        self.deploy(folder)
        made = self.berth.berth("schedules", "add", "* * * * *", "-p", "tides", "--time-zone",
                                "Europe/Berlin")
        self.assertEqual(made.returncode, 0, made.stderr)

        def scheduled():
            items = self.berth.api("GET", "/projects/tides/deployments")["items"]
            return [each for each in items if each["trigger"] == "schedule"]

        wait_until("the minute to come", scheduled, 90)
        shown = self.berth.berth("schedules", "list", "-p", "tides")
        self.assertIn("Europe/Berlin", shown.stdout)
        gone = self.berth.berth("schedules", "rm", made.stdout.strip(), "-p", "tides")
        self.assertEqual(gone.returncode, 0, gone.stderr)
        self.assertEqual(self.berth.api("GET", "/projects/tides/schedules")["items"], [])


if __name__ == "__main__":
    unittest.main()
