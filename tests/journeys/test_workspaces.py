"""Package managers and workspaces as their users have them, from the real registry."""

import json

from shared import Journey

NUMBER = {"is-number": "7.0.0"}


def package(name, build=None, dependencies=None, **more):
    scripts = {"build": build} if build else {}
    return json.dumps({"name": name, "version": "1.0.0", "private": True, "scripts": scripts,
                       "dependencies": dependencies or {}, **more})


PAGE = ("mkdir -p dist && node -e \"require('fs').writeFileSync('dist/index.html', "
        "String(require('is-number')(7)) + require('ui'))\"")


def workspace(**top):
    """`web` needs `ui`, which has to be built before it; both need packages of the registry."""
    return {"package.json": json.dumps({"name": "top", "private": True, **top}),
            "packages/ui/package.json": package(
                "ui", "echo 'module.exports = \" and ui\"' > made.js", main="made.js"),
            "apps/web/package.json": package("web", PAGE, {**NUMBER, "ui": "workspace:*"}),
            "apps/other/package.json": package("other", "exit 9")}


class Workspaces(Journey):
    def live(self, name, files, *options):
        url = self.git.repository(name, files)
        made, done = self.berth.imported(url, name, *options, timeout=400)
        self.assertEqual(done.returncode, 0, done.stderr + self.berth.log_tail())
        return made["plan"], self.berth.site(name).text

    def test_yarn_4_with_plug_n_play(self):
        build = ("mkdir -p dist && node -e \"require('fs').writeFileSync('dist/index.html', "
                 "String(require('is-number')(7)))\"")
        files = {"package.json": package("pnp", build, NUMBER, packageManager="yarn@4.9.1"),
                 ".yarnrc.yml": "nodeLinker: pnp\n"}
        plan, page = self.live("pnp", files)
        self.assertIn("Plug'n'Play", plan["package_manager"]["reason"])
        self.assertEqual(page, "true")

    def test_a_pnpm_workspace(self):
        files = {**workspace(packageManager="pnpm@10.12.1"),
                 "pnpm-workspace.yaml": "packages:\n  - 'apps/*'\n  - 'packages/*'\n"}
        plan, page = self.live("pnpmspace", files, "--root", "apps/web")
        self.assertEqual(plan["build_command"]["value"], 'pnpm --filter "web..." run build')
        self.assertEqual(page, "true and ui")

    def test_a_bun_workspace(self):
        files = {**workspace(workspaces=["apps/*", "packages/*"], packageManager="bun@1.2.15")}
        plan, page = self.live("bunspace", files, "--root", "apps/web")
        self.assertIn("bun", plan["build_command"]["value"])
        self.assertEqual(page, "true and ui")

    def test_a_yarn_workspace(self):
        files = {**workspace(workspaces=["apps/*", "packages/*"], packageManager="yarn@4.9.1"),
                 ".yarnrc.yml": "nodeLinker: node-modules\n"}
        plan, page = self.live("yarnspace", files, "--root", "apps/web")
        self.assertEqual(plan["build_command"]["value"],
                         "yarn workspace ui run build && yarn workspace web run build")
        self.assertEqual(page, "true and ui")

    def test_turborepo(self):
        top = json.loads(workspace()["package.json"])
        files = {**workspace(),
                 "package.json": json.dumps({**top, "packageManager": "pnpm@10.12.1",
                                             "devDependencies": {"turbo": "2"}}),
                 "pnpm-workspace.yaml": "packages:\n  - 'apps/*'\n  - 'packages/*'\n",
                 "turbo.json": json.dumps({"tasks": {"build": {"dependsOn": ["^build"],
                                                               "outputs": ["dist/**"]}}})}
        plan, page = self.live("turbo", files, "--root", "apps/web")
        self.assertEqual(plan["build_command"]["value"],
                         "pnpm exec turbo run build --filter=web")
        self.assertEqual(page, "true and ui")
