"""Protected sites, as browsers, programs and people with a link meet them."""

import os
import signal
import unittest
from urllib.parse import parse_qs, quote, urlsplit

from berth import EMAIL, PASSWORD, Berth, wait_until
from shared import git

HTML = {"Accept": "text/html,*/*;q=0.8"}


class Browser:
    """Keeps cookies per host, and follows redirects when told to, over every host of one Berth."""

    def __init__(self, berth):
        self.berth = berth
        self.cookies = {}
        self.seen = []

    def ask(self, verb, url, body=None, headers=None):
        parts = urlsplit(url)
        jar = self.cookies.setdefault(parts.hostname, {})
        fields = {**HTML, **(headers or {})}
        if jar:
            fields["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        answer = self.berth.http(verb, target, body, fields, host=parts.netloc)
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            jar[name] = value
        self.seen.append((url, answer))
        return answer

    def visit(self, url):
        """Follows redirects of one host; what leaves the host is for the caller."""
        answer = self.ask("GET", url)
        while answer.status in (302, 303) and answer.headers["Location"].startswith("/"):
            parts = urlsplit(url)
            url = f"{parts.scheme}://{parts.netloc}{answer.headers['Location']}"
            answer = self.ask("GET", url)
        return answer

    def submit(self, url, **fields):
        parts = urlsplit(url)
        body = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
        return self.ask("POST", f"{parts.scheme}://{parts.netloc}/.berth/access", body, {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"{parts.scheme}://{parts.netloc}"})

    def sign_in_to_berth(self):
        answer = self.ask("POST", f"{self.berth.url}/api/v1/auth/login",
                          f'{{"email":"{EMAIL}","password":"{PASSWORD}"}}',
                          {"Content-Type": "application/json", "Origin": self.berth.url})
        assert answer.status == 200, answer.text

    def code(self, host, back):
        """What the dashboard's page /access does."""
        return self.ask("POST", f"{self.berth.url}/api/v1/access-codes",
                        f'{{"host":"{host}","return_to":"{back}"}}',
                        {"Content-Type": "application/json", "Origin": self.berth.url})


class Access(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.git = git()
        cls.berth = Berth("--allow-nets", f"127.0.0.1/32:{cls.git.port}")
        cls.berth.start().set_up()
        url = cls.git.repository("access", {
            "index.html": "home", "docs/a.html": "page a", ".berth/access": "not ours",
            "_headers": "/*\n  Cache-Control: public, max-age=60\n"})
        cls.made, done = cls.berth.imported(url, "shop")
        assert cls.made["state"] == "ready", done.stderr
        cls.site = f"http://shop.localhost:{cls.berth.port}"
        cls.preview = next(f"http://{host}:{cls.berth.port}" for host in cls.made["hosts"]
                           if not host.startswith("shop."))

    @classmethod
    def tearDownClass(cls):
        cls.berth.close()

    def set(self, *settings, stdin=""):
        done = self.berth.berth("projects", "set", "-p", "shop", *settings, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr)

    def set_password(self, password):
        self.set("access.production=password", "access.previews=password",
                 "--visitor-password-stdin", stdin=password + "\n")

    def test_a_password(self):
        self.set_password("let me in please")
        browser = Browser(self.berth)
        asked = browser.visit(f"{self.site}/docs/a?x=1")
        self.assertEqual(asked.status, 401)
        self.assertIn('value="/docs/a?x=1"', asked.text)
        self.assertEqual(asked.headers["X-Robots-Tag"], "noindex")
        wrong = browser.submit(self.site, password="open sesame", **{"return": "/docs/a?x=1"})
        self.assertEqual(wrong.status, 401)
        self.assertIn("That is not the password.", wrong.text)
        right = browser.submit(self.site, password="let me in please", **{"return": "/docs/a?x=1"})
        self.assertEqual((right.status, right.headers["Location"]), (303, "/docs/a?x=1"))
        page = browser.visit(f"{self.site}/docs/a?x=1")
        self.assertEqual((page.status, page.text), (200, "page a"))
        self.assertEqual(page.headers["Cache-Control"], "private, max-age=60")
        self.assertEqual(browser.visit(f"{self.preview}/").status, 401, "a pass is for one host")
        self.assertEqual(browser.visit(f"{self.site}/.berth/").status, 404)
        program = self.berth.site("shop", "/")
        self.assertEqual((program.status, program.json["code"]), (401, "access_needed"))

        self.set_password("another password")
        self.assertEqual(browser.visit(f"{self.site}/").status, 401, "the old passes have ended")
        self.set("access.production=everybody")
        self.assertEqual(browser.visit(f"{self.site}/").status, 200)
        self.assertEqual(browser.visit(f"{self.preview}/").status, 401)
        self.set("access.previews=everybody")
        self.assertEqual(browser.visit(f"{self.preview}/").text, "home")

    def test_a_member(self):
        self.set("access.production=members", "access.previews=everybody")
        browser = Browser(self.berth)
        self.assertEqual(browser.visit(f"{self.site}/docs/a").status, 401)
        away = browser.ask("GET", f"{self.site}/.berth/access?sign_in=1&return=%2Fdocs%2Fa")
        self.assertEqual(away.status, 303)
        to = urlsplit(away.headers["Location"])
        self.assertEqual((to.netloc, to.path), (f"localhost:{self.berth.port}", "/access"))
        asked = {name: values[0] for name, values in parse_qs(to.query).items()}
        self.assertEqual(asked, {"host": "shop.localhost", "return": "/docs/a"})
        self.assertEqual(browser.code("shop.localhost", "/docs/a").status, 401, "not signed in")

        browser.sign_in_to_berth()
        coded = browser.code("shop.localhost", "/docs/a")
        self.assertEqual(coded.status, 201, coded.text)
        page = browser.visit(coded.json["url"])
        self.assertEqual((page.status, page.text), (200, "page a"))
        self.assertNotIn("code=", browser.seen[-1][0])
        again = Browser(self.berth).visit(coded.json["url"])
        self.assertEqual(again.status, 401, "a code works once")

        self.assertEqual(self.berth.berth("share", "sign-out", "-p", "shop").returncode, 0)
        self.assertEqual(browser.visit(f"{self.site}/docs/a").status, 401)
        self.set("access.production=everybody")

    def test_a_share_link_and_its_end(self):
        self.set("access.production=members", "access.previews=members")
        done = self.berth.berth("share", "create", self.made["id"], "-p", "shop", "--expires", "1h")
        self.assertEqual(done.returncode, 0, done.stderr)
        link = done.stdout.strip()
        browser = Browser(self.berth)
        page = browser.visit(link)
        self.assertEqual((page.status, page.text), (200, "home"))
        self.assertNotIn("share=", browser.seen[-1][0], "the token leaves the address bar")
        self.assertEqual(browser.seen[-2][1].headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(browser.visit(f"{self.site}/").status, 401, "another host")

        links = self.berth.api("GET", "/projects/shop/share-links")["items"]
        self.assertEqual([each["host"] for each in links], [urlsplit(link).hostname])
        gone = self.berth.berth("share", "revoke", links[0]["id"], "-p", "shop")
        self.assertEqual(gone.returncode, 0, gone.stderr)
        self.assertEqual(browser.visit(f"{urlsplit(link)._replace(path='/', query='').geturl()}").status,
                         401, "who came in by it is out")
        self.assertEqual(Browser(self.berth).visit(link).status, 401)
        self.set("access.production=everybody", "access.previews=everybody")

    def test_passes_hold_while_the_control_plane_is_dead(self):
        self.set_password("let me in please")
        browser = Browser(self.berth)
        browser.submit(self.site, password="let me in please", **{"return": "/"})
        self.assertEqual(browser.visit(f"{self.site}/docs/a").text, "page a")
        api = self.berth.roles()["api"]
        os.kill(api, signal.SIGSTOP)  # there, and mute: worse than gone
        try:
            self.assertEqual(browser.visit(f"{self.site}/docs/a").text, "page a")
            self.assertEqual(Browser(self.berth).visit(f"{self.site}/").status, 401)
        finally:
            os.kill(api, signal.SIGCONT)
        os.kill(api, signal.SIGKILL)
        self.assertEqual(browser.visit(f"{self.site}/docs/a").text, "page a")
        wait_until("the api to be back", self.berth.is_ready)
        self.assertEqual(browser.visit(f"{self.site}/docs/a").text, "page a", "the same keys")
        self.set("access.production=everybody", "access.previews=everybody")


if __name__ == "__main__":
    unittest.main()
