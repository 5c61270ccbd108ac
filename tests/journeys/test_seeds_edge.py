"""What the edges of two earlier systems got wrong (docs/seeds.md), asked of a deployed site."""

import unittest

from shared import Journey

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


class Edge(Journey):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = cls.site_of("se-plain", {
            "index.html": "<p>home</p>" + "x" * 3000, "about.html": "about", "test": "the site's own",
            "assets/app.js": "1\n" * 2000, "logo.png": PNG, "data.json": "{}", "page.xml": "<a/>",
            "health/index.html": "theirs", "deploy/index.html": "theirs"})

    @classmethod
    def site_of(cls, name, files):
        made, done = cls.berth.imported(cls.git.repository(name, files), name)
        assert made and made["state"] == "ready", done.stderr
        return made

    def test_a_query_finds_the_same_page(self):
        for path in ("/?x=1", "/?", "/index.html?x=/../y", "/about?utm=1"):
            answer = self.berth.site("se-plain", path)
            self.assertIn(answer.status, (200, 308), path)
        self.assertIn("home", self.berth.site("se-plain", "/?x=1").text)

    def test_what_is_not_there_is_an_own_page(self):
        for path in ("/nowhere", "/assets/", "/assets/nowhere.js", "/%2e%2e/etc/passwd", "/__outputs/x"):
            answer = self.berth.site("se-plain", path, {"Accept": "text/html"})
            self.assertIn(answer.status, (400, 404), path)
            self.assertNotIn("<?xml", answer.text)
            self.assertNotRegex(answer.text, r"NoSuchKey|AccessDenied|sha256|/var/lib|public/blobs")

    def test_no_path_of_a_site_is_the_platforms(self):
        self.assertEqual(self.berth.site("se-plain", "/test").text, "the site's own")
        for path in ("/health/", "/deploy/"):
            self.assertEqual(self.berth.site("se-plain", path).text, "theirs")
        for path in ("/api/v1/instance/health", "/set-env/x", "/livez", "/readyz", "/metrics"):
            self.assertEqual(self.berth.site("se-plain", path).status, 404, path)

    def test_types_are_the_files_own(self):
        for path, kind in (("/", "text/html; charset=utf-8"), ("/logo.png", "image/png"),
                           ("/data.json", "application/json"), ("/assets/app.js", "text/javascript")):
            self.assertTrue(self.berth.site("se-plain", path).headers["Content-Type"].startswith(kind), path)
        self.assertEqual(self.berth.site("se-plain", "/logo.png").body, PNG)

    def test_fields_are_those_that_help(self):
        page = self.berth.site("se-plain", "/", {"Accept-Encoding": "gzip, br"})
        self.assertEqual(page.headers["Content-Encoding"], "gzip")  # a small file
        for name in ("Cache-Control", "ETag", "Vary"):
            self.assertTrue(page.headers[name], name)
        for name in ("X-Powered-By", "Server", "x-amz-request-id", "Connection"):
            self.assertIsNone(page.headers[name], name)

    def test_hosts_are_compared_whole(self):
        port = self.berth.port
        for host in (f"SE-PLAIN.localhost:{port}", f"se-plain.localhost.:{port}", f"Se-Plain.LocalHost:{port}"):
            self.assertEqual(self.berth.http("GET", "/", host=host).status, 200, host)
        for host in ("se-plain.evil.com", "se-plain.localhost.evil.com", "www.customdomain.com", "x.se-plain.localhost",
                     "evil.com", "notlocalhost"):
            self.assertIn(self.berth.http("GET", "/", host=f"{host}:{port}").status, (404, 421), host)

    def test_only_reading_is_possible(self):
        for verb in ("PUT", "POST", "DELETE", "PATCH"):
            answer = self.berth.http(verb, "/index.html", "x", host=f"se-plain.localhost:{self.berth.port}")
            self.assertEqual(answer.status, 405, verb)
        self.assertIn("home", self.berth.site("se-plain").text)

    def test_visitors_are_not_counted_out(self):
        statuses = {self.berth.site("se-plain", "/assets/app.js", {"X-Forwarded-For": f"203.0.113.{n}"}).status
                    for n in range(150)}
        self.assertEqual(statuses, {200})

    def test_a_site_without_a_first_page_answers(self):
        self.site_of("se-empty", {"only.txt": "only"})
        self.assertEqual(self.berth.site("se-empty").status, 404)
        self.assertEqual(self.berth.site("se-empty", "/only.txt").text, "only")


if __name__ == "__main__":
    unittest.main()
