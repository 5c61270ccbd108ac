"""Repositories out of public templates, made once and kept in build/bench/templates."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from registry import NODE
from stage import ROOT, say

FOLDER = ROOT / "build/bench/templates"
HOST = "http://registry.invalid/"  # in kept lock files, where the run's own registry belongs
LEFT_OUT = {"node_modules", ".git"}

QUIET = {"CI": "true", "FORCE_COLOR": "1", "NEXT_TELEMETRY_DISABLED": "1", "ASTRO_TELEMETRY_DISABLED": "1",
         "NUXT_TELEMETRY_DISABLED": "1", "NG_CLI_ANALYTICS": "false", "VERCEL_TELEMETRY_DISABLED": "1",
         "npm_config_audit": "false", "npm_config_fund": "false", "npm_config_update_notifier": "false"}


def environment(registry, cache, **more):
    """Of commands by hand: the toolchain that Berth is given too, the same registry, no telemetry."""
    return {**os.environ, "PATH": f"{NODE}:{os.environ['PATH']}", **QUIET,
            "npm_config_registry": registry.url, "npm_config_cache": str(cache), **more}


def tool_version(name):
    path = f"{NODE}:{os.environ['PATH']}"
    return subprocess.run([name, "--version"], env={**os.environ, "PATH": path}, check=True,
                          capture_output=True, text=True,
                          stdin=subprocess.DEVNULL).stdout.strip().lstrip("v")


def repository(recipe, registry):
    """{path: bytes} of the recipe's repository, its lock file naming the run's registry."""
    kept = FOLDER / f"{recipe.name}-{_digest(recipe)}"
    if not kept.exists():
        say(f"builds: making {recipe.name} of its template")
        _make(recipe, registry, kept)
    files = {str(path.relative_to(kept)): path.read_bytes() for path in kept.rglob("*") if path.is_file()}
    lock = files["package-lock.json"].replace(HOST.encode(), registry.url.encode())
    return {**files, "package-lock.json": lock}


def packages_in(files):
    return len(json.loads(files["package-lock.json"])["packages"]) - 1


def _digest(recipe):
    text = f"{recipe!r} {tool_version('node')} {tool_version('npm')}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _make(recipe, registry, kept):
    work = kept.with_suffix(".work")
    shutil.rmtree(work, ignore_errors=True)
    app = work / "app"
    work.mkdir(parents=True)
    variables = environment(registry, work / "cache", npm_config_yes="true",
                            npm_config_omit_lockfile_registry_resolved="false")
    if recipe.create:
        _run(["npm", *recipe.create], work, variables)
    else:
        app.mkdir()
        (app / "package.json").write_text('{"name": "app", "version": "1.0.0", "private": true}')
    _adapt(recipe, app)
    shutil.rmtree(app / "node_modules", ignore_errors=True)
    _run(["npm", "install", "--package-lock-only", "--ignore-scripts"], app, variables)
    lock = app / "package-lock.json"
    from test_npm import _drop_unlocked_optionals

    _drop_unlocked_optionals(lock)
    lock.write_text(lock.read_text().replace(registry.url, HOST))
    files = [path for path in app.rglob("*") if path.is_file()
             and not LEFT_OUT & set(path.relative_to(app).parts)]
    for path in files:
        to = work / "kept" / path.relative_to(app)
        to.parent.mkdir(parents=True, exist_ok=True)
        path.rename(to)
    (work / "kept").rename(kept)
    shutil.rmtree(work, ignore_errors=True)


def _adapt(recipe, app):
    """What the recipe sets; and the toolchain, so that all sides build with the same."""
    package = json.loads((app / "package.json").read_text())
    package["engines"] = {"node": tool_version("node")}
    package["packageManager"] = f"npm@{tool_version('npm')}"
    package.setdefault("scripts", {}).update(recipe.scripts)
    for kind in ("dependencies", "devDependencies"):
        for name in recipe.remove:
            package.get(kind, {}).pop(name, None)
    package.setdefault("devDependencies", {}).update(recipe.dependencies)
    (app / "package.json").write_text(json.dumps(package, indent=2))
    for name, (old, new) in recipe.replace.items():
        text = (app / name).read_text()
        if old not in text:
            raise RuntimeError(f"{recipe.name}: {name} has no '{old}'")
        (app / name).write_text(text.replace(old, new))
    for name, text in recipe.files.items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(text)


def _run(argv, folder, variables):
    done = subprocess.run(argv, cwd=folder, env=variables, capture_output=True, text=True, timeout=600,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {(done.stdout + done.stderr)[-2000:]}")


def write(files, folder):
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
