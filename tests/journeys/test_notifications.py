"""What teams are told of their deployments, by a real mail server and a real receiver of webhooks."""

import base64
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import socket
import subprocess
import threading
import unittest
from pathlib import Path

from berth import Berth, wait_until
from shared import git

HERE = Path(__file__).resolve().parent


class Receiver:
    """Keeps POSTs; answers as `answers` says, the last for good."""

    def __init__(self):
        self.posts = []
        self.answers = [204]
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((dict(self.headers), body))
                more = len(receiver.answers) > 1
                self.send_response(receiver.answers.pop(0) if more else receiver.answers[0])
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class MailSink:
    def __init__(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.certificate, key = folder / "mail.crt", folder / "mail.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=mail",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
                        self.certificate], check=True, capture_output=True)
        self.process = subprocess.Popen(
            ["/usr/bin/python3", HERE / "mail_sink.py", str(self.port), self.certificate, key,
             "berth", "s3cret"], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "listening\n"
        self.mails = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.mails.append(json.loads(line))

    def close(self):
        self.process.terminate()
        self.process.wait(10)


class Notifications(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.git = git()
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.close)
        cls.berth = Berth("--allow-nets", f"127.0.0.1/32:{cls.git.port}",
                          "--allow-notify-nets", f"127.0.0.1/32:{cls.receiver.port}")
        cls.addClassCleanup(cls.berth.close)
        cls.sink = MailSink(cls.berth.folder)
        cls.addClassCleanup(cls.sink.close)
        cls.berth.options += ["--ca-file", str(cls.sink.certificate)]
        cls.berth.start().set_up()
        cls.team = cls.berth.api("GET", "/teams")["items"][0]["id"]
        cls.channels = f"/teams/{cls.team}/channels"

    def add(self, kind, events, config):
        return self.berth.api("POST", self.channels,
                              {"kind": kind, "name": kind, "events": events, "config": config})

    def sent(self, channel, state):
        path = f"{self.channels}/{channel}/notifications"

        def found():
            items = self.berth.api("GET", path)["items"]
            return items[0] if items and items[0]["state"] == state else None

        return wait_until(f"a notification that is {state}", found, 40)

    def mail_server(self, **other):
        self.berth.api("PUT", "/instance/mail", {
            "host": "127.0.0.1", "port": self.sink.port, "security": "starttls",
            "username": "berth", "password": "s3cret", "from": "berth@example.com", **other})

    def test_mail_goes_over_tls_with_the_password(self):
        channel = self.add("email", ["deployment_failed"],
                           {"addresses": ["ann@example.com", "bob@example.com"]})["channel"]["id"]
        self.mail_server(password="wrong")
        self.berth.api("POST", f"{self.channels}/{channel}/test", {})
        wait_until("an error", lambda: self.berth.api(
            "GET", f"{self.channels}/{channel}")["last_error"], 40)
        self.assertEqual(self.sink.mails, [])

        self.mail_server()
        waiting = self.berth.api("GET", f"{self.channels}/{channel}/notifications")["items"][0]
        self.berth.api("POST", f"{self.channels}/{channel}/notifications/{waiting['id']}/redeliver",
                       {})
        self.sent(channel, "sent")
        mail = self.sink.mails[0]
        self.assertTrue(mail["tls"])
        self.assertEqual(mail["user"], "berth")
        self.assertEqual(mail["to"], ["ann@example.com", "bob@example.com"])
        parsed = email.message_from_string(mail["bytes"], policy=email.policy.default)
        self.assertEqual(parsed["Subject"], "Berth: a test of email")
        self.assertEqual(parsed["From"], "Berth <berth@example.com>")
        self.assertIn("will come here", parsed.get_content())
        self.assertEqual(self.berth.api("GET", f"{self.channels}/{channel}")["failures"], 0)

    def test_a_broken_branch_and_its_recovery_are_told_and_signed(self):
        added = self.add("webhook", ["deployment_broke", "deployment_recovered"],
                         {"url": f"http://127.0.0.1:{self.receiver.port}/hook?key=1"})
        site = {"index.html": "one"}
        url = self.git.repository("told", site)
        self.berth.imported(url, "told")
        self.receiver.answers = [500, 204]  # the first attempt does not arrive
        self.git.commit("told", {"package.json": '{"scripts":{"build":"exit 3"}}'},
                        message="*Break* <!channel> it")
        failed = self.berth.api("POST", "/projects/told/deployments", {})
        self.assertEqual(self.berth.wait_for(failed["id"])["state"], "failed")
        self.sent(added["channel"]["id"], "sent")
        self.git.commit("told", {"index.html": "two"})
        again = self.berth.api("POST", "/projects/told/deployments", {})
        self.assertEqual(self.berth.wait_for(again["id"])["state"], "ready")
        wait_until("three posts", lambda: len(self.receiver.posts) == 3, 40)

        types = []
        key = base64.b64decode(added["secret"].removeprefix("whsec_"))
        for fields, body in self.receiver.posts:
            signed = f"{fields['webhook-id']}.{fields['webhook-timestamp']}.".encode() + body
            mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            self.assertEqual(fields["webhook-signature"], f"v1,{mac}")
            types.append(json.loads(body)["type"])
        self.assertEqual(types, ["deployment.broke", "deployment.broke", "deployment.recovered"])
        first, second = self.receiver.posts[:2]
        self.assertEqual(first[0]["webhook-id"], second[0]["webhook-id"])
        self.assertEqual(json.loads(first[1])["data"]["deployment"]["id"], failed["id"])

    def test_nothing_inside_is_reached(self):
        for host in (f"127.0.0.1:{self.berth.port}", f"localhost:{self.berth.port}"):
            channel = self.add("webhook", ["deployment_failed"],
                               {"url": f"http://{host}/api/v1/hooks/deploy/x"})["channel"]["id"]
            self.berth.api("POST", f"{self.channels}/{channel}/test", {})
            error = wait_until("an error", lambda: self.berth.api(
                "GET", f"{self.channels}/{channel}")["last_error"], 40)
            self.assertIn("inside this network", error)

    def test_a_deleted_project_is_off_the_net_and_comes_back_as_it_was(self):
        url = self.git.repository("undo", {"index.html": "still here"})
        self.berth.imported(url, "undo")
        self.assertEqual(self.berth.site("undo").text, "still here")
        gone = self.berth.berth("projects", "rm", "undo", "-y")
        self.assertEqual(gone.returncode, 0, gone.stderr)
        wait_until("the site to be off", lambda: self.berth.site("undo").status == 404, 20)
        listed = self.berth.berth("projects", "deleted")
        self.assertIn("undo", listed.stdout)
        back = self.berth.berth("projects", "restore", "undo")
        self.assertEqual(back.returncode, 0, back.stderr)
        wait_until("the site to be back", lambda: self.berth.site("undo").status == 200, 20)
        self.assertEqual(self.berth.site("undo").text, "still here")

    def test_the_banner_tells_what_the_live_deployment_was_built_without(self):
        url = self.git.repository("drift", {"index.html": "x"})
        self.berth.imported(url, "drift")
        changes = "/projects/drift/env/changes"
        self.assertEqual(self.berth.api("GET", changes)["items"], [])
        self.assertEqual(self.berth.berth("env", "set", "-p", "drift", "A=1").returncode, 0)
        self.assertEqual(self.berth.api("GET", changes)["items"], [{"key": "A", "what": "added"}])
        again = self.berth.api("POST", "/projects/drift/deployments", {})
        self.assertEqual(self.berth.wait_for(again["id"])["state"], "ready")
        self.assertEqual(self.berth.api("GET", changes),
                         {"deployment": again["id"], "known": True, "items": []})


if __name__ == "__main__":
    unittest.main()
