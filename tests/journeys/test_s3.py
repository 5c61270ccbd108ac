"""A Berth whose objects are in a bucket: Ceph's gateway, with a key of its own for the edge, as docs/operating.md says."""

import os
import re
import secrets
import subprocess
import sys
import unittest
from pathlib import Path

from berth import BINARY, ROOT, Berth, end_edge, free_port, wait_until
from shared import git
from test_join import Joined, ask

sys.path.insert(0, str(ROOT / "tests/services"))
import ceph_rgw  # noqa: E402

PREFIX = "some/prefix"


def reading_policy(bucket, user):
    """The one of docs/operating.md, for that bucket, prefix and user."""
    text = (ROOT / "docs/operating.md").read_text()
    policy = re.search(r"```json\n(\{[^`]*?\"s3:GetObject\"[^`]*?\})\n```", text).group(1)
    policy = policy.replace("BUCKET", bucket).replace("PREFIX", PREFIX)
    return policy.replace('"AWS": "EDGE"', f'"AWS": "arn:aws:iam:::user/{user}"')


class S3(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.git = git()
        cls.server = ceph_rgw.CephRgw()
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__)
        cls.bucket = "berth-journey"
        assert cls.server.call("PUT", f"/{cls.bucket}")[0] == 200
        cls.reading = (secrets.token_hex(10), secrets.token_hex(20))
        cls.server.add_user("edge", *cls.reading)
        status, body = cls.server.call("PUT", f"/{cls.bucket}", query="policy=",
                                       body=reading_policy(cls.bucket, "edge").encode())
        assert status in (200, 204), body
        cls.url = f"s3://{cls.bucket}/{PREFIX}?endpoint=http://127.0.0.1:{cls.server.port}&path_style=1"
        cls.environment = {"BERTH_S3_ACCESS_KEY": cls.server.access_key,
                           "BERTH_S3_SECRET_KEY": cls.server.secret_key,
                           "BERTH_S3_READ_ACCESS_KEY": cls.reading[0],
                           "BERTH_S3_READ_SECRET_KEY": cls.reading[1]}
        cls.berth = Berth("--objects", cls.url, "--allow-nets", f"127.0.0.1/32:{cls.git.port}",
                          environment=cls.environment)
        cls.addClassCleanup(cls.berth.close)
        cls.berth.start().set_up()

    def keys(self, below=""):
        status, body = self.server.call("GET", f"/{self.bucket}", query="list-type=2&prefix=" +
                                        f"{PREFIX}/{below}".replace("/", "%2F"))
        self.assertEqual(status, 200, body)
        return [key[len(PREFIX) + 1:] for key in re.findall(r"<Key>([^<]*)</Key>", body.decode())]

    def deployed(self, name, text):
        url = self.git.repository(name, {"index.html": text, "a.txt": "a" * 20_000})
        made, done = self.berth.imported(url, name)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(made["state"], "ready", made)
        return made

    def test_a_site_lives_in_the_bucket(self):
        made = self.deployed("inbucket", "one")
        self.assertEqual(self.berth.site("inbucket").text, "one")
        self.git.commit("inbucket", {"index.html": "two"})
        done = self.berth.berth("deploy", "-p", "inbucket")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.berth.site("inbucket").text, "two")
        done = self.berth.berth("rollback", "-p", "inbucket", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.berth.site("inbucket").text, "one")
        # The log is in the archive by now, or soon.
        wait_until("the log's archive", lambda: any(made["id"] in key for key in self.keys("private/logs/")))
        log = self.berth.berth("logs", made["id"])
        self.assertEqual(log.returncode, 0, log.stderr)
        self.assertIn("Cloning", log.stdout + log.stderr)
        keys = self.keys("public/")
        for part in ("public/routes/_head", "public/routes/inbucket.localhost.json",
                     f"public/manifests/{made['id']}.json"):
            self.assertIn(part, keys)
        self.assertFalse((self.berth.data / "objects").exists())
        # Stored forms come from there, too.
        packed = self.berth.site("inbucket", "/a.txt", headers={"Accept-Encoding": "br"})
        self.assertEqual(packed.headers.get("content-encoding"), "br")

    def test_the_edge_has_a_key_that_only_reads_what_is_public(self):
        self.deployed("keys", "keys")
        self.assertEqual(self.berth.site("keys").text, "keys")
        public, private = (f"/{self.bucket}/{PREFIX}/{part}/x" for part in ("public", "private"))
        head = f"/{self.bucket}/{PREFIX}/public/routes/_head"
        self.assertEqual(self.server.call("GET", head, keys=self.reading)[0], 200)
        self.assertEqual(self.server.call("PUT", public, b"x", keys=self.reading)[0], 403)
        self.assertEqual(self.server.call("DELETE", head, keys=self.reading)[0], 403)
        instance = f"/{self.bucket}/{PREFIX}/private/instance"
        self.assertEqual(self.server.call("GET", instance)[0], 200)
        self.assertEqual(self.server.call("GET", instance, keys=self.reading)[0], 403)
        self.assertEqual(self.server.call("GET", private, keys=self.reading)[0], 403)
        # No process shows a secret in its arguments or its environment, but the supervisor that was given it.
        for pid in self.berth.roles().values():
            for part in ("cmdline", "environ"):
                shown = Path(f"/proc/{pid}/{part}").read_bytes()
                self.assertNotIn(self.server.secret_key.encode(), shown)
                self.assertNotIn(self.reading[1].encode(), shown)

    def test_a_joined_edge_serves_from_the_bucket(self):
        self.deployed("faraway", "far")
        done = self.berth.berth("edges", "token", "--data", self.berth.data)
        token = self.berth.folder / "edges.token"
        token.write_text(done.stdout)
        token.chmod(0o600)
        port = free_port(self.berth.port + 1)
        old = dict(os.environ)
        os.environ.update({"BERTH_S3_ACCESS_KEY": self.reading[0],
                           "BERTH_S3_SECRET_KEY": self.reading[1]})
        try:
            edge = Joined("edge", "--server", self.berth.url, "--token-file", token, "--objects",
                          self.url, "--listen", f"127.0.0.1:{port}")
        finally:
            os.environ.clear()
            os.environ.update(old)
        self.addCleanup(edge.close)
        edge.wait_for_word("serving")
        self.assertEqual(ask(port, "/", f"faraway.localhost:{port}"), (200, "far"))
        self.git.commit("faraway", {"index.html": "farther"})
        done = self.berth.berth("deploy", "-p", "faraway")
        self.assertEqual(done.returncode, 0, done.stderr)
        # Ready means: every edge serves it.
        self.assertEqual(ask(port, "/", f"faraway.localhost:{port}"), (200, "farther"))

    def test_sites_are_served_while_the_bucket_is_away(self):
        self.deployed("away", "here")
        self.assertEqual(self.berth.site("away").text, "here")
        self.server.stop_gateway()
        try:
            self.assertEqual(self.berth.site("away").text, "here")
            self.assertEqual(self.berth.http("GET", "/api/v1/instance/health").status, 200)
            # A deployment waits, and says for what.
            self.git.commit("away", {"index.html": "patient"})
            waiting = self.berth.api("POST", "/projects/away/deployments", {})["id"]
            wait_until("a word of it", lambda: "object_store_unavailable" in self.berth.log_text(waiting), 60)
            self.assertEqual(self.berth.site("away").text, "here")
        finally:
            self.server.start_gateway()
        self.assertEqual(self.berth.wait_for(waiting)["state"], "ready")
        self.assertEqual(self.berth.site("away").text, "patient")

    def test_a_berth_starts_while_the_bucket_is_away(self):
        self.deployed("restarted", "here")
        self.assertEqual(self.berth.site("restarted").text, "here")
        self.server.stop_gateway()
        try:
            # The dashboard, and what the edge has on its disk.
            self.berth.stop()
            self.berth.start()
            self.assertEqual(self.berth.site("restarted").text, "here")
            self.assertEqual(self.berth.site("restarted", "/a.txt").status, 503)
        finally:
            self.server.start_gateway()
        self.assertEqual(wait_until("the file", lambda: self.berth.site("restarted", "/a.txt").status == 200), True)
        self.git.commit("restarted", {"index.html": "back"})
        done = self.berth.berth("deploy", "-p", "restarted")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.berth.site("restarted").text, "back")

    def refused(self, url=None, **changed):
        """What `berth serve` says when it does not start."""
        data = self.berth.folder / "refused"
        self.addCleanup(lambda: end_edge(data))
        environment = {**os.environ, **self.environment, **changed}
        done = subprocess.run([BINARY, "serve", "--data", data, "--listen",
                               f"127.0.0.1:{free_port(self.berth.port + 10)}", "--objects", url or self.url],
                              env=environment, capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn(self.server.secret_key, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_a_wrong_key_bucket_or_instance_is_said_at_once(self):
        self.assertIn("check BERTH_S3_SECRET_KEY", self.refused(BERTH_S3_SECRET_KEY="x" * 40))
        self.assertIn("check BERTH_S3_ACCESS_KEY", self.refused(BERTH_S3_ACCESS_KEY="nobody"))
        self.assertIn("make the bucket", self.refused(self.url.replace(self.bucket, "none-such")))
        self.assertIn("the objects of another Berth", self.refused())
        self.assertIn("BERTH_S3_SECRET_KEY belong together", self.refused(BERTH_S3_SECRET_KEY=""))


if __name__ == "__main__":
    unittest.main()
