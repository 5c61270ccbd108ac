"""Directories as deployments: what travels, what is built of it, and what is lost when things break."""

import json
import os
import shutil
import signal
import struct
import hashlib
import tempfile
import threading
import unittest
from pathlib import Path

from berth import Berth, wait_until
from shared import Journey

PAGE = "<!doctype html><title>Folder</title><h1>{}</h1>\n"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def framed(name, content):
    return struct.pack("<H", len(name)) + name.encode() + struct.pack("<Q", len(content)) + content


class Folder:
    """A directory of its own, below a name that can be a project's."""

    def __init__(self, name):
        self.root = Path(tempfile.mkdtemp(prefix="berth-folder-"))
        self.path = self.root / name
        self.path.mkdir()

    def put(self, files):
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return self

    def close(self):
        shutil.rmtree(self.root, ignore_errors=True)


class Upload(Journey):
    def folder(self, name, files):
        made = Folder(name)
        self.addCleanup(made.close)
        return made.put(files)

    def deploy(self, *words, code=0):
        done = self.berth.berth("deploy", *words, "--json", "--no-input")
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return (json.loads(done.stdout) if code == 0 else json.loads(done.stderr.splitlines()[-1]),
                done.stderr)

    def test_a_directory_goes_live_and_only_what_changes_travels(self):
        folder = self.folder("harbour", {
            "index.html": PAGE.format("one"), "large.txt": "x" * 300_000, ".env": "SECRET=1",
            "node_modules/a/index.js": "1", ".berthignore": "drafts\n", "drafts/a.html": "draft"})
        os.symlink("index.html", folder.path / "start.html")
        refused, _ = self.deploy(folder.path, code=2)
        self.assertIn("-y", refused["detail"])

        made, said = self.deploy(folder.path, "-y")
        self.assertIn("Made the project harbour", said)
        self.assertIn("Kept back: .env", said)
        self.assertEqual(self.berth.site("harbour").text, PAGE.format("one"))
        self.assertEqual(self.berth.site("harbour", "/start.html").status, 200)
        for path in ("/.env", "/drafts/a.html", "/node_modules/a/index.js"):
            self.assertEqual(self.berth.site("harbour", path).status, 404, path)
        deployment = self.berth.deployment(made["deployment"])
        self.assertEqual((deployment["source"], deployment["trigger"]), ("upload", "cli"))

        folder.put({"index.html": PAGE.format("two")})
        preview, said = self.deploy(folder.path)
        self.assertIn("Uploaded 1 (", said)
        self.assertEqual(self.berth.deployment(preview["deployment"])["environment"], "preview")
        self.assertEqual(self.berth.site("harbour").text, PAGE.format("one"))
        self.assertEqual(self.berth.site(preview["url"]).text, PAGE.format("two"))

        second, said = self.deploy(folder.path, "--prod", "-m", "The second")
        self.assertIn("Uploaded 0 (", said)
        self.assertEqual(self.berth.site("harbour").text, PAGE.format("two"))
        self.assertEqual(self.berth.deployment(second["deployment"])["message"], "The second")
        again, said = self.deploy(folder.path, "--prod", "-m", "The third")
        deployment = self.berth.deployment(again["deployment"])
        self.assertEqual(deployment["reused_deployment"], second["deployment"])

        redone = self.berth.berth("deployments", "redeploy", made["deployment"], "--json")
        self.assertEqual(redone.returncode, 0, redone.stderr)
        wait_until("the first to be live again",
                   lambda: self.berth.site("harbour").text == PAGE.format("one"))

    def test_what_is_uploaded_is_built_like_a_clone(self):
        folder = self.folder("built", {
            "package.json": json.dumps({"scripts": {
                "build": "mkdir -p dist && cp page.html dist/index.html"}}),
            "page.html": PAGE.format("built")})
        self.deploy(folder.path, "-y")
        self.assertEqual(self.berth.site("built").text, PAGE.format("built"))
        folder.put({"package.json": json.dumps({"scripts": {"build": "echo no such thing; exit 3"}})})
        failed = self.berth.berth("deploy", folder.path, "--prod", "--json", "--no-input")
        self.assertEqual(failed.returncode, 5, failed.stderr)
        self.assertEqual(self.berth.site("built").text, PAGE.format("built"))

    def test_what_was_built_here_is_published_with_its_rules(self):
        folder = self.folder("ready-made", {
            "package.json": json.dumps({"scripts": {"build": "exit 1"}}),
            "vercel.json": json.dumps({"redirects": [
                {"source": "/old", "destination": "/new", "permanent": False}]}),
            "out/index.html": PAGE.format("prebuilt"), "out/.env": "SECRET=1"})
        made, _ = self.deploy(folder.path, "--prebuilt", folder.path / "out", "-y")
        self.assertEqual(self.berth.site("ready-made").text, PAGE.format("prebuilt"))
        moved = self.berth.site("ready-made", "/old")
        self.assertEqual((moved.status, moved.headers["Location"]), (307, "/new"))
        self.assertEqual(self.berth.site("ready-made", "/.env").status, 404)
        self.assertEqual(self.berth.deployment(made["deployment"])["prebuilt"], "out")

    def test_bad_uploads_are_refused_and_lose_nothing(self):
        folder = self.folder("careful", {"index.html": PAGE.format("good")})
        self.deploy(folder.path, "-y")
        content = b"new page"
        tree = {"files": [{"path": "index.html", "sha256": sha256(content), "bytes": len(content)}]}
        path = "/api/v1/projects/careful/uploads"
        whole = framed(sha256(content), content)
        octets = {"Content-Type": "application/octet-stream"}
        for body, code in ((framed(sha256(content), b"forged!!"), "blob_hash_mismatch"),
                           (whole[:-1], "blob_stream_cut"),
                           (framed("../../etc/passwd", content), "bad_blob_name")):
            answer = self.berth.http("POST", path + "/blobs", body, headers=octets)
            self.assertEqual((answer.status, answer.json["code"]), (422, code))
        self.assertEqual(self.berth.http("POST", path, tree).json["missing"], [sha256(content)])
        for bad, code in (("/etc/passwd", "unsafe_path"), ("a/../../b", "unsafe_path"),
                          (".git/config", "unsafe_path")):
            answer = self.berth.http("POST", path, {"files": [dict(tree["files"][0], path=bad)]})
            self.assertEqual((answer.status, answer.json["code"]), (422, code))
        twice = self.berth.http("POST", path, {"files": tree["files"] * 2})
        self.assertEqual(twice.json["code"], "duplicate_path")
        self.assertEqual(self.berth.site("careful").text, PAGE.format("good"))


class UploadSurvives(unittest.TestCase):
    def test_an_api_that_is_killed_in_the_middle_costs_only_time(self):
        berth = Berth().start()
        self.addCleanup(berth.close)
        berth.set_up()
        folder = Folder("sturdy")
        self.addCleanup(folder.close)
        folder.put({"index.html": PAGE.format("whole")})
        for i in range(40):
            (folder.path / f"{i}.bin").write_bytes(os.urandom(1 << 20))
        first = {}

        def deploy():
            first["done"] = berth.berth("deploy", folder.path, "-y", "--json", "--no-input")

        running = threading.Thread(target=deploy)
        running.start()
        blobs = berth.data / "objects/private/uploads"
        wait_until("the first portion", lambda: list(blobs.glob("*/blobs/*/*")), every=0.005)
        os.kill(berth.roles()["api"], signal.SIGKILL)
        running.join(300)
        wait_until("the api again", berth.is_ready)
        if first["done"].returncode != 0:
            self.assertIn(first["done"].returncode, (1, 7, 8), first["done"].stderr)
            again = berth.berth("deploy", folder.path, "-y", "--prod", "--json", "--no-input")
            self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(berth.site("sturdy").text, PAGE.format("whole"))
        projects = [each["name"] for each in berth.api("GET", "/projects")["items"]]
        self.assertEqual(projects, ["sturdy"])
