"""A plain HTML repository: imported, served, changed, rolled back."""

import json
import re
import subprocess
import unittest
from pathlib import Path

from berth import wait_until
from shared import Journey

PAGE = "<!doctype html><title>Plain</title><h1>{}</h1>\n"


class Plain(Journey):
    def test_import_serve_change_and_roll_back(self):
        url = self.git.repository("plain", {
            "index.html": PAGE.format("one") + "x" * 4000,
            "about.html": PAGE.format("about"),
            "docs/index.html": PAGE.format("docs"),
            "404.html": PAGE.format("lost"),
            "assets/app.3f9a2b7c.js": "console.log(1)\n" * 600,
            "a b ü.txt": "odd name",
            ".git-not": "x",
        })
        made, done = self.berth.imported(url, "plain")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(made["state"], "ready", made)
        self.assertEqual(made["environment"], "production")

        page = self.berth.site("plain")
        self.assertEqual(page.status, 200)
        self.assertIn("<h1>one</h1>", page.text)
        self.assertEqual(page.headers["Content-Type"], "text/html; charset=utf-8")
        self.assertEqual(self.berth.site("plain", "/about").status, 200)
        moved = self.berth.site("plain", "/docs")
        self.assertEqual((moved.status, moved.headers["Location"]), (308, "/docs/"))
        self.assertIn("lost", self.berth.site("plain", "/nowhere").text)
        self.assertEqual(self.berth.site("plain", "/nowhere").status, 404)
        self.assertEqual(self.berth.site("plain", "/a%20b%20%C3%BC.txt").text, "odd name")
        self.assertEqual(self.berth.site("plain", "/", verb="POST").status, 405)
        hashed = self.berth.site("plain", "/assets/app.3f9a2b7c.js", {"Accept-Encoding": "gzip, br"})
        self.assertIn("immutable", hashed.headers["Cache-Control"])
        self.assertEqual(hashed.headers["Content-Encoding"], "br")
        squeezed = self.berth.site("plain", "/assets/app.3f9a2b7c.js", {"Accept-Encoding": "gzip;q=0.5, zstd"})
        self.assertEqual(squeezed.headers["Content-Encoding"], "zstd")
        again = self.berth.site("plain", "/", {"If-None-Match": page.headers["ETag"]})
        self.assertEqual(again.status, 304)
        part = self.berth.site("plain", "/", {"Range": "bytes=0-14"})
        self.assertEqual((part.status, part.text), (206, "<!doctype html>"))
        parts = self.berth.site("plain", "/", {"Range": "bytes=0-1, 10-14"})
        self.assertEqual(parts.status, 206)
        self.assertIn("multipart/byteranges", parts.headers["Content-Type"])
        self.assertIn("\r\n\r\n<!\r\n", parts.text)
        self.assertIn("\r\n\r\nhtml>\r\n", parts.text)
        self.assertEqual(self.berth.site("plain", "/", verb="OPTIONS").headers["Allow"], "GET, HEAD, OPTIONS")
        self.assertEqual(self.berth.http("GET", "/", host="nobody.localhost").status, 404)
        own = self.berth.site(made["url"])
        self.assertEqual((own.status, own.headers["X-Robots-Tag"]), (200, "noindex"))
        self.assertIsNone(page.headers["X-Robots-Tag"])

        self.git.commit("plain", {"index.html": PAGE.format("two")}, message="Second")
        second = self.berth.berth("deploy", "-p", "plain", "--json")
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertIn("<h1>two</h1>", self.berth.site("plain").text)
        self.assertIn("<h1>one</h1>", self.berth.site(made["url"]).text)  # immutable

        back = self.berth.berth("rollback", "-p", "plain", "-y")
        self.assertEqual(back.returncode, 0, back.stderr)
        self.assertIn("<h1>one</h1>", self.berth.site("plain").text)

        listed = self.berth.api("GET", "/projects/plain/deployments")["items"]
        self.assertEqual([d["state"] for d in listed], ["ready", "ready"])
        self.assertEqual(listed[0]["message"], "Second")
        log = self.berth.log_text(made["id"])
        self.assertTrue(log.startswith("Queued plain at main"), log[:200])

    def test_what_is_live_is_compressed_once_more(self):
        script = "".join(f"export const word{n % 97} = {n * 7919 % 1009};\n" for n in range(4000))
        url = self.git.repository("dense", {"index.html": "hi", "app.js": script})
        made, done = self.berth.imported(url, "dense")
        self.assertEqual(done.returncode, 0, done.stderr)
        public = self.berth.data / "objects/public"
        entry = json.loads((public / f"manifests/{made['id']}.json").read_text())["files"]["app.js"]
        stored = public / "blobs" / entry["sha256"][:2] / entry["sha256"]
        quick = entry["variants"]
        self.assertEqual(set(quick), {"br", "gzip", "zstd"})
        wait_until("the forms to be smaller", lambda: all(
            Path(f"{stored}{suffix}").stat().st_size < quick[coding]
            for coding, suffix in (("br", ".br"), ("zstd", ".zst"))), 30)
        packed = self.berth.site("dense", "/app.js", {"Accept-Encoding": "br"})
        self.assertEqual(packed.headers["Content-Encoding"], "br")
        self.assertLess(len(packed.body), quick["br"])
        unpack = "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(0)))"
        plain = subprocess.run(["node", "-e", unpack], input=packed.body, capture_output=True, check=True)
        self.assertEqual(plain.stdout.decode(), script)

    def test_deploy_prints_the_address_alone(self):
        url = self.git.repository("oneline", {"index.html": "hi"})
        done = self.berth.berth("import", url, "--name", "oneline", "--no-input")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, rf"^http://oneline\.localhost:{self.berth.port}/?\n$")
        self.assertNotIn("\x1b", done.stderr)
        preview = self.git.commit("oneline", {"index.html": "branch"}, branch="feature/x")
        self.assertTrue(preview)
        done = self.berth.berth("deploy", "-p", "oneline", "--ref", "feature/x")
        self.assertEqual(done.returncode, 0, done.stderr)
        own = re.match(r"http://(oneline-[a-z0-9]+)\.localhost", done.stdout)
        self.assertTrue(own, done.stdout)
        self.assertEqual(self.berth.site(own.group(1)).text, "branch")
        self.assertEqual(self.berth.site("oneline").text, "hi")


if __name__ == "__main__":
    unittest.main()
