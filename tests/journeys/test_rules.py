"""Rule files that users of other platforms have, as visitors meet them."""

import http.server
import json
import shutil
import ssl
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from berth import Berth, free_port
from shared import git

REDIRECTS = """\
# what moved
/old/*  /new/:splat  301
/about  /other       302
/app/*  /index.html  200
/shop   /de/shop     302  Country=de
/search q=:q /find/:q 302
/went   /gone.html   410
/broken
/api/*  https://127.0.0.1:{port}/v1/:splat 200
/meta   http://169.254.169.254/latest 200
"""

HEADERS = """\
/*
  X-Frame-Options: DENY
  Content-Length: 1
/assets/*
  Cache-Control: public, max-age=60
"""


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({"method": self.command, "path": self.path,
                           "host": self.headers["Host"],
                           "for": self.headers["X-Forwarded-For"]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


class TlsServer:
    """Another site over TLS, whose certificate the operator trusts."""

    def __init__(self, directory):
        self.port = free_port()
        self.ca = directory / "site.pem"
        key = directory / "site.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", self.ca],
                       check=True, capture_output=True)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Echo)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = Path(tempfile.mkdtemp(prefix="berth-rules-"))
        cls.other = TlsServer(cls.directory)
        cls.git = git()
        cls.berth = Berth("--allow-nets", f"127.0.0.1/32:{cls.git.port}",
                          "--allow-rewrite-nets", f"127.0.0.1/32:{cls.other.port}",
                          "--trusted-proxy", "127.0.0.1", "--country-header", "CF-IPCountry",
                          "--ca-file", str(cls.other.ca))
        cls.berth.start().set_up()

    @classmethod
    def tearDownClass(cls):
        cls.berth.close()
        cls.other.close()
        shutil.rmtree(cls.directory)

    def get(self, name, path, headers=None, verb="GET"):
        return self.berth.site(name, path, headers or {}, verb=verb)

    def moved(self, name, path, headers=None):
        answer = self.get(name, path, headers)
        return answer.status, answer.headers["Location"]

    def test_a_site_of_netlifys(self):
        url = self.git.repository("rules-netlify", {
            "index.html": "home", "about.html": "about", "gone.html": "it went",
            "404.html": "lost", "assets/a.css": "a{}",
            "_redirects": REDIRECTS.format(port=self.other.port), "_headers": HEADERS,
            "netlify.toml": '[[redirects]]\nfrom = "/from-toml"\nto = "/"\ntypo = 1\n',
        })
        made, done = self.berth.imported(url, "netlify")
        self.assertEqual((made["state"], done.returncode), ("ready", 0), done.stderr)

        self.assertEqual(self.moved("netlify", "/old/a/b?x=1"), (301, "/new/a/b?x=1"))
        self.assertEqual(self.get("netlify", "/about").text, "about")  # a file wins
        self.assertEqual(self.get("netlify", "/app/deep/link").text, "home")
        self.assertEqual(self.moved("netlify", "/search?q=a%2Fb")[1], "/find/a%2Fb?q=a%2Fb")
        self.assertEqual(self.moved("netlify", "/shop", {"CF-IPCountry": "DE"}), (302, "/de/shop"))
        self.assertEqual(self.get("netlify", "/shop").status, 404)
        gone = self.get("netlify", "/went")
        self.assertEqual((gone.status, gone.text), (410, "it went"))
        self.assertEqual(self.moved("netlify", "/from-toml"), (301, "/"))
        self.assertEqual(self.get("netlify", "/nowhere").text, "lost")
        for file in ("/_redirects", "/_headers", "/netlify.toml"):
            self.assertEqual(self.get("netlify", file).status, 404, file)

        page = self.get("netlify", "/")
        self.assertEqual(page.headers["X-Frame-Options"], "DENY")
        self.assertEqual(page.headers["Content-Length"], "4")
        style = self.get("netlify", "/assets/a.css")
        self.assertEqual(style.headers["Cache-Control"], "public, max-age=60")

        fetched = self.get("netlify", "/api/users?page=2", verb="POST")
        self.assertEqual(fetched.status, 200, fetched.text + self.berth.log_tail())
        self.assertEqual(fetched.json["path"], "/v1/users?page=2")
        self.assertEqual(fetched.json["method"], "POST")
        self.assertEqual(fetched.json["host"], f"127.0.0.1:{self.other.port}")
        self.assertEqual(self.get("netlify", "/meta").status, 502)

        log = self.berth.log_text(made["id"])
        self.assertIn("Rules in the words of netlify: there is a netlify.toml", log)
        self.assertIn("_redirects:8: a target is missing", log)
        self.assertIn("_headers:3: the server itself sets 'content-length'", log)
        self.assertIn("netlify.toml:4: redirects.typo is not known", log)
        self.explains(made)

    def explains(self, made):
        """What `explain` says is what is sent."""
        rules = self.berth.api("GET", f"/deployments/{made['id']}/rules")
        self.assertEqual([(p["file"], p["line"], p["severity"]) for p in rules["problems"]],
                         [("_redirects", 8, "error"), ("_headers", 3, "error"),
                          ("netlify.toml", 4, "warning")])
        for path in ("/", "/old/x", "/about", "/assets/a.css", "/nowhere", "/went", "/app/x"):
            asked = self.berth.berth("explain", f"http://netlify.localhost:{self.berth.port}{path}",
                                     "--json")
            self.assertEqual(asked.returncode, 0, asked.stderr)
            told = json.loads(asked.stdout)
            sent = self.get("netlify", path)
            self.assertEqual(told["status"], sent.status, path)
            for header in told["headers"]:
                self.assertEqual(sent.headers[header["name"]], header["value"], (path, header))
        asked = self.berth.berth("explain", "/old/x", "-p", "netlify")
        self.assertIn("=>  _redirects:2  /old/*  /new/:splat  301", asked.stdout)
        wrong = self.berth.berth("explain", "/a%2fb", "-p", "netlify")
        self.assertEqual(wrong.returncode, 1, wrong.stdout)

    def test_a_site_of_vercels(self):
        url = self.git.repository("rules-vercel", {
            "index.html": "home", "about.html": "about",
            "vercel.json": json.dumps({
                "cleanUrls": True,
                "redirects": [{"source": "/blog/:slug*", "destination": "/news/:slug*"},
                              {"source": "/wrong/*", "destination": "/"}],
                "rewrites": [{"source": "/((?!api/).*)", "destination": "/index.html"}],
                "headers": [{"source": "/(.*)", "headers": [{"key": "X-A", "value": "1"}]}]},
                indent=1)})
        made, done = self.berth.imported(url, "vercel")
        self.assertEqual((made["state"], done.returncode), ("ready", 0), done.stderr)
        self.assertEqual(self.moved("vercel", "/about.html"), (308, "/about"))
        about = self.get("vercel", "/about")
        self.assertEqual((about.text, about.headers["X-A"]), ("about", "1"))
        self.assertEqual(self.moved("vercel", "/blog/a/b"), (308, "/news/a/b"))
        self.assertEqual(self.get("vercel", "/deep/link").text, "home")
        self.assertEqual(self.get("vercel", "/api/none").status, 404)
        self.assertIn("vercel.json:", self.berth.log_text(made["id"]))

    def test_a_site_of_cloudflares(self):
        url = self.git.repository("rules-cloudflare", {
            "index.html": "home", "a.html": "page a",
            "_redirects": "/there https://elsewhere.example/x 301\n/x/:id /y?id=:id\n",
            "wrangler.toml": '[assets]\ndirectory = "."\nnot_found_handling = "single-page-application"\n'})
        made, done = self.berth.imported(url, "cloudflare")
        self.assertEqual((made["state"], done.returncode), ("ready", 0), done.stderr)
        self.assertEqual(self.moved("cloudflare", "/there"), (301, "https://elsewhere.example/x"))
        self.assertEqual(self.moved("cloudflare", "/x/7"), (302, "/y?id=7"))
        self.assertEqual(self.moved("cloudflare", "/a.html"), (307, "/a"))
        self.assertEqual(self.get("cloudflare", "/deep").text, "home")


if __name__ == "__main__":
    unittest.main()
