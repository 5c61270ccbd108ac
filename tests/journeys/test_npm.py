"""npm, pnpm and yarn projects, as their own tools make them."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from berth import ROOT, wait_until
from shared import Journey

_templates = {}


def vite_template():
    """What `npm create vite@latest -- --template react-ts` makes, with a lock file."""
    if "vite" not in _templates:
        folder = tempfile.mkdtemp(prefix="berth-vite-")
        environment = dict(os.environ,
                           PATH=f"{ROOT}/build/toolchain/node/bin:" + os.environ["PATH"])
        subprocess.run(["npm", "create", "--yes", "vite@latest", "app", "--", "--template", "react-ts",
                        "--no-interactive"], cwd=folder, env=environment, check=True, timeout=180,
                       capture_output=True, stdin=subprocess.DEVNULL)
        app = Path(folder, "app")
        subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"],
                       cwd=app, env=environment, check=True, timeout=180, capture_output=True)
        _drop_unlocked_optionals(app / "package-lock.json")
        _templates["vite"] = {str(f.relative_to(app)): f.read_bytes() for f in app.rglob("*")
                              if f.is_file() and "node_modules" not in f.parts}
    return dict(_templates["vite"])


def _drop_unlocked_optionals(path):
    """npm leaves an optional package that its registry does not have out of the lock file, and then
    `npm ci` refuses the lock file for it (npm 11)."""
    lock = json.loads(path.read_text())
    locked = {name.rpartition("node_modules/")[2] for name in lock["packages"]}
    for package in lock["packages"].values():
        optional = package.get("optionalDependencies", {})
        for name in [name for name in optional if name not in locked]:
            del optional[name]
    path.write_text(json.dumps(lock, indent=2))


def small_package(build, name="small", dependencies=None, **more):
    return json.dumps({"name": name, "version": "1.0.0", "private": True,
                       "scripts": {"build": build}, "dependencies": dependencies or {}, **more})


class Npm(Journey):
    def test_a_vite_project_goes_live_and_its_second_push_reuses_the_install(self):
        files = vite_template()
        url = self.git.repository("vite", files)
        made, done = self.berth.imported(url, "vite", timeout=400)
        self.assertEqual(done.returncode, 0, done.stderr + self.berth.log_tail())
        self.assertEqual(made["plan"]["framework"]["value"], "vite")
        page = self.berth.site("vite")
        self.assertIn('<div id="root">', page.text)
        deep = self.berth.site("vite", "/some/page", {"Accept": "text/html"})
        self.assertEqual(deep.status, 200)  # a single-page application
        self.assertEqual(self.berth.site("vite", "/assets/none.js").status, 404)

        files["index.html"] = files["index.html"].replace(b"</head>", b"<!-- second --></head>")
        self.git.commit("vite", files, message="Second")
        second = self.berth.berth("deploy", "-p", "vite", "--json", timeout=300)
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertIn("<!-- second -->", self.berth.site("vite").text)
        log = self.berth.log_text(json.loads(second.stdout)["deployment"])
        self.assertRegex(log, r"(?i)(snapshot|reus|did not change|unchanged)")

        third = self.berth.berth("deploy", "-p", "vite", "--json", timeout=300)
        self.assertEqual(third.returncode, 0, third.stderr)
        ended = self.berth.deployment(json.loads(third.stdout)["deployment"])
        self.assertTrue(ended["reused_deployment"], ended)  # same tree: no step runs

    def test_caches_are_seen_left_out_and_cleared(self):
        files = {"package.json": small_package(
            "mkdir -p dist node_modules/.cache && date +%N > node_modules/.cache/x"
            " && echo kept > dist/index.html", "kept", {"is-number": "7.0.0"})}
        made, done = self.berth.imported(self.git.repository("kept", files), "kept", timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)

        def kinds():
            told = self.berth.berth("cache", "ls", "-p", "kept", "--json")
            self.assertEqual(told.returncode, 0, told.stderr)
            view = json.loads(told.stdout)
            self.assertLessEqual(view["bytes"], view["budget_bytes"])
            return sorted(item["kind"] for item in view["items"])

        every = ["bundler", "downloads", "install", "repository"]
        wait_until("the worker says what it keeps", lambda: kinds() == every, seconds=30)
        self.assertIn("kept", self.berth.berth("cache", "ls", "--all").stdout)

        again = self.berth.berth("deployments", "redeploy", made["id"], "--no-cache", "--json",
                                 timeout=300)
        self.assertEqual(again.returncode, 0, again.stderr)
        log = self.berth.log_text(json.loads(again.stdout)["deployment"])
        self.assertIn("Building without caches", log)
        self.assertIn("Installed in", log)

        def cleared():
            """What the build before still saves is in use."""
            gone = self.berth.berth("cache", "clear", "-p", "kept", "-y", "--json")
            self.assertEqual(gone.returncode, 0, gone.stderr)
            return json.loads(gone.stdout)["in_use"] == 0 and kinds() == []

        wait_until("the caches are gone", cleared, seconds=30)
        last = self.berth.berth("deployments", "redeploy", made["id"], "--json", timeout=300)
        self.assertEqual(last.returncode, 0, last.stderr)
        log = self.berth.log_text(json.loads(last.stdout)["deployment"])
        self.assertIn("Installed in", log)

    def test_a_pnpm_project_below_the_top(self):
        files = {f"apps/web/{path}": content for path, content in vite_template().items()
                 if path != "package-lock.json"}
        package = json.loads(files["apps/web/package.json"])
        package["packageManager"] = "pnpm@10.12.1"
        files["apps/web/package.json"] = json.dumps(package)
        files["README.md"] = "The site is in apps/web."
        url = self.git.repository("pnpm", files)
        made, done = self.berth.imported(url, "pnpm", "--root", "apps/web", timeout=400)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("pnpm", made["plan"]["package_manager"]["value"])
        self.assertIn('<div id="root">', self.berth.site("pnpm").text)

    def test_a_yarn_project_with_its_lock_file(self):
        files = {"package.json": small_package("mkdir -p dist && cp node_modules/is-number/package.json dist/ && echo yarn > dist/index.html",
                                               dependencies={"is-number": "7.0.0"}),
                 "yarn.lock": "# yarn lockfile v1\n\n\nis-number@7.0.0:\n  version \"7.0.0\"\n"}
        url = self.git.repository("yarn", files)
        made, done = self.berth.imported(url, "yarn", "--output", "dist", timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("yarn", made["plan"]["package_manager"]["value"])
        self.assertEqual(self.berth.site("yarn").text, "yarn\n")
        self.assertEqual(self.berth.site("yarn", "/package.json").json["name"], "is-number")

    def test_a_workspace_builds_what_its_package_needs_and_skips_what_it_does_not(self):
        files = {
            "package.json": json.dumps({"name": "top", "private": True,
                                        "workspaces": ["apps/*", "packages/*"]}),
            "packages/ui/package.json": json.dumps({
                "name": "ui", "version": "1.0.0", "main": "made.js",
                "scripts": {"build": "echo 'module.exports = \"one\"' > made.js"}}),
            "apps/web/package.json": json.dumps({
                "name": "web", "version": "1.0.0", "dependencies": {"ui": "*"},
                "scripts": {"build": "mkdir -p dist && node -p 'require(\"ui\")' > dist/index.html"}}),
            "apps/admin/package.json": json.dumps({"name": "admin", "version": "1.0.0"}),
        }
        url = self.git.repository("mono", files)
        made, done = self.berth.imported(url, "mono", "--root", "apps/web", timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr + self.berth.log_tail())
        self.assertEqual(made["plan"]["workspace"]["value"], ".")
        self.assertEqual(self.berth.site("mono").text, "one\n")

        self.git.commit("mono", {**files, "apps/admin/page.html": "x"}, message="Only admin")
        skipped = self.berth.berth("deploy", "-p", "mono", "--json", timeout=300)
        self.assertEqual(skipped.returncode, 0, skipped.stderr)
        said = json.loads(skipped.stdout)
        self.assertEqual(said["state"], "skipped", said)
        self.assertIn("has changed", self.berth.deployment(said["deployment"])["detail"])
        self.assertEqual(self.berth.site("mono").text, "one\n")

        files["packages/ui/package.json"] = files["packages/ui/package.json"].replace("one", "two")
        self.git.commit("mono", {**files, "apps/admin/page.html": "x"}, message="What web needs")
        built = self.berth.berth("deploy", "-p", "mono", timeout=300)
        self.assertEqual(built.returncode, 0, built.stderr)
        self.assertEqual(self.berth.site("mono").text, "two\n")

    def test_a_directory_and_its_repository_are_planned_alike(self):
        files = {"web/package.json": json.dumps({"scripts": {"build": "vite build"},
                                                 "engines": {"node": ">=20"},
                                                 "devDependencies": {"vite": "8"}}),
                 "web/vite.config.ts": "export default { build: { outDir: 'www' } }\n",
                 "web/yarn.lock": "# yarn lockfile v1\n", "web/package-lock.json": "{}",
                 "docs/.vitepress/config.ts": "export default {}\n", ".nvmrc": "18\n"}
        url = self.git.repository("alike", files)
        folder = tempfile.mkdtemp(prefix="berth-alike-")
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        here = self.berth.berth("detect", folder, "--root", "web", "--json")
        there = self.berth.berth("detect", url, "--root", "web", "--json", timeout=60)
        self.assertEqual((here.returncode, there.returncode), (0, 0), here.stderr + there.stderr)
        local, remote = json.loads(here.stdout), json.loads(there.stdout)
        for of_the_remote in ("branches", "default_branch", "known_hosts"):
            local.pop(of_the_remote), remote.pop(of_the_remote)
        self.assertEqual(local, remote)
        self.assertEqual(local["output_dir"]["value"], "www")
        self.assertEqual(len(local["warnings"]), 2, local["warnings"])

    def test_what_create_react_app_makes(self):
        files = {
            "package.json": small_package("react-scripts build", "cra",
                                          {"react-scripts": "file:./scripts"}),
            "scripts/package.json": json.dumps({"name": "react-scripts", "version": "5.0.1",
                                                "bin": {"react-scripts": "run.js"}}),
            "scripts/run.js": "#!/usr/bin/env node\nconst fs = require('fs');\n"
                              "fs.mkdirSync('build/static/js', {recursive: true});\n"
                              "fs.writeFileSync('build/index.html', '<div id=root>cra</div>');\n"
                              "fs.writeFileSync('build/static/js/main.4f2b91c8.js', '1');\n",
        }
        url = self.git.repository("cra", files, executable=["scripts/run.js"])
        made, done = self.berth.imported(url, "cra", timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(made["plan"]["output_dir"]["value"], "build")
        self.assertIn("cra", self.berth.site("cra", "/deep/link", {"Accept": "text/html"}).text)

    def test_node_versions_variables_and_settings(self):
        script = ("mkdir -p out && node -e \"require('fs').writeFileSync('out/index.html',"
                  "process.version+' '+process.env.GREETING+' '+process.env.CI)\"")
        files = {"package.json": small_package(script), ".nvmrc": "22\n"}
        url = self.git.repository("settings", files)
        made, done = self.berth.imported(url, "settings", "--output", "out", "-e", "GREETING=hello",
                                         timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(self.berth.site("settings").text, r"^v22\.\d+\.\d+ hello \S+$")
        changed = self.berth.berth("projects", "set", "-p", "settings", "node=20",
                                   "build_command=mkdir -p out; node -v > out/index.html")
        self.assertEqual(changed.returncode, 0, changed.stderr)
        again = self.berth.berth("deploy", "-p", "settings", timeout=300)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertRegex(self.berth.site("settings").text, r"^v20\.")

    def test_an_express_application_is_told_not_yet(self):
        files = {"package.json": json.dumps({"name": "server", "scripts": {"start": "node server.js"},
                                             "dependencies": {"express": "^4"}}),
                 "server.js": "require('express')().listen(3000)\n"}
        url = self.git.repository("express", files)
        made, done = self.berth.imported(url, "express")
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertEqual((made["state"], made["reason"]), ("failed", "plan_failed"))
        self.assertRegex(made["detail"] + made["next_step"], r"(?i)not yet|server|dynamic")
        self.assertEqual(self.berth.site("express").status, 404)


if __name__ == "__main__":
    unittest.main()
