"""Push to deploy: a real repository, and its Git host's signed deliveries."""

import contextlib
import hashlib
import hmac
import http.client
import json
import os
import select
import signal
import socket
import threading
import uuid
from pathlib import Path

from berth import wait_until
from shared import Journey

RECORDED = (Path(__file__).resolve().parents[1] / "differential/node_modules/@octokit"
            / "webhooks-examples/api.github.com/index.json")
PAGE = "<!doctype html><title>Pushed</title><h1>{}</h1>\n"


class Push(Journey):
    def set_up_project(self, name):
        url = self.git.repository(name, {"index.html": PAGE.format("one")})
        made, done = self.berth.imported(url, name)
        self.assertEqual(done.returncode, 0, done.stderr)
        added = self.berth.berth("webhook", "add", "-p", name)
        self.assertEqual(added.returncode, 0, added.stderr)
        address, secret = added.stdout.split()
        self.path = address[address.index("/api/"):]
        self.secret = secret
        return url, made

    def payload(self, url, branch, before, after, message="A change"):
        """The body of GitHub's push event, as far as it is read."""
        return json.dumps({
            "ref": f"refs/heads/{branch}", "before": before, "after": after, "deleted": False,
            "repository": {"full_name": "team/shop", "clone_url": url}, "pusher": {"name": "ada"},
            "head_commit": {"id": after, "message": message}}).encode()

    def deliver(self, body, event="push", delivery=None, secret=None):
        digest = hmac.new((secret or self.secret).encode(), body, hashlib.sha256).hexdigest()
        return self.berth.http("POST", self.path, body, headers={
            "Content-Type": "application/json", "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
            "X-Hub-Signature-256": "sha256=" + digest}, host=f"localhost:{self.berth.port}")

    def send_until_answered(self, size):
        """The status of a delivery with a body of that size, of which no more is sent than is taken."""
        head = (f"POST {self.path} HTTP/1.1\r\nHost: localhost:{self.berth.port}\r\n"
                f"Content-Length: {size}\r\nX-GitHub-Event: push\r\n"
                "X-Hub-Signature-256: sha256=00\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.berth.port), timeout=60) as peer:
            peer.sendall(head.encode())
            sent = 0
            with contextlib.suppress(BrokenPipeError):  # closed: the answer is there to be read
                while sent < size and not select.select([peer], [], [], 0)[0]:
                    sent += peer.send(b" " * min(2**16, size - sent))
            return int(peer.recv(4096).split()[1])

    def deployments(self, name):
        return self.berth.api("GET", f"/projects/{name}/deployments")["items"]

    def test_a_signed_push_goes_live_once_and_a_forged_one_never(self):
        url, first = self.set_up_project("pushed")
        after = self.git.commit("pushed", {"index.html": PAGE.format("two")})
        body = self.payload(url, "main", first["commit"], after)

        forged = self.deliver(body, delivery="d-1", secret="whsec_wrong")
        self.assertEqual((forged.status, forged.json["code"]), (401, "wrong_signature"))
        self.assertEqual(len(self.deployments("pushed")), 1)

        taken = self.deliver(body, delivery="d-1")
        self.assertEqual(taken.status, 202, taken.text)
        item = taken.json["items"][0]
        self.assertEqual((item["outcome"], item["commit"]), ("deployed", after))
        done = self.berth.wait_for(item["deployment"])
        self.assertEqual((done["state"], done["commit"], done["trigger"], done["actor"]),
                         ("ready", after, "push", "ada"))
        wait_until("the push to be live", lambda: "two" in self.berth.site("pushed").text)

        again = self.deliver(body, delivery="d-1")
        self.assertEqual((again.status, again.json), (202, taken.json))
        renamed = self.deliver(body, delivery="d-2")
        self.assertEqual((renamed.status, renamed.json), (202, taken.json))
        self.assertEqual(len(self.deployments("pushed")), 2)

        shown = self.berth.berth("webhook", "show", "-p", "pushed", "--json")
        self.assertEqual(json.loads(shown.stdout)["refused"], 1)
        self.assertNotIn(self.secret, shown.stdout)

    def test_another_branch_is_a_preview_of_the_commit_that_was_pushed(self):
        url, first = self.set_up_project("branched")
        pushed = self.git.commit("branched", {"index.html": PAGE.format("cart")}, branch="cart")
        # Another push has moved the branch since: the delivery's own commit is what is deployed.
        self.git.commit("branched", {"index.html": PAGE.format("later")}, branch="cart")
        taken = self.deliver(self.payload(url, "cart", "0" * 40, pushed))
        done = self.berth.wait_for(taken.json["items"][0]["deployment"])
        self.assertEqual((done["state"], done["environment"], done["commit"]),
                         ("ready", "preview", pushed))
        self.assertIn("cart", self.berth.site(done["url"]).text)
        self.assertIn("one", self.berth.site("branched").text)

        skipped = self.deliver(self.payload(url, "cart", pushed, "a" * 40, "docs [skip ci]"))
        self.assertEqual(skipped.json["items"][0]["reason"], "the commit's message says [skip ci]")
        listed = self.berth.berth("webhook", "deliveries", "-p", "branched")
        self.assertIn("[skip ci]", listed.stdout)
        self.assertIn(done["id"], listed.stdout)

    def test_a_body_may_have_25_mib_and_no_more(self):
        url, first = self.set_up_project("large")
        after = self.git.commit("large", {"index.html": PAGE.format("two")})
        body = self.payload(url, "main", first["commit"], after)
        large = body[:-1] + b', "commits": ["' + b"x" * (25 * 2**20 - len(body) - 17) + b'"]}'
        self.assertLessEqual(len(large), 25 * 2**20)
        self.assertEqual(self.send_until_answered(25 * 2**20 + 1), 413)
        taken = self.deliver(large)
        self.assertEqual(taken.status, 202, taken.text)
        done = self.berth.wait_for(taken.json["items"][0]["deployment"])
        self.assertEqual(done["state"], "ready")

    def deliver_until_taken(self, body, delivery):
        """As a host that asks again: what is not answered with 202 is sent again, under its id."""
        def taken():
            try:
                answer = self.deliver(body, delivery=delivery)
            except (OSError, http.client.HTTPException):
                return None
            return answer if answer.status == 202 else None

        return wait_until(f"{delivery} to be taken", taken, 30)

    def test_what_was_taken_is_deployed_once_whenever_the_api_is_killed(self):
        url, first = self.set_up_project("killed")
        made = {}
        for number in range(20):
            if number % 4 == 1:  # while the next delivery is under way, each time a bit later
                pid = self.berth.roles()["api"]
                threading.Timer(number * 0.001, os.kill, (pid, signal.SIGKILL)).start()
            body = self.payload(url, f"b{number}", "0" * 40, first["commit"])
            taken = self.deliver_until_taken(body, f"killed-{number}").json["items"][0]
            made[f"b{number}"] = taken["deployment"]
        wait_until("the api to be back", self.berth.is_ready, 30)

        def settled():
            page = self.berth.api("GET", "/projects/killed/webhook/deliveries?limit=100")["items"]
            return page if all(each["outcome"] != "received" for each in page) else None

        listed = wait_until("all to be deployed", settled, 30)
        self.assertEqual({each["ref"]: each["outcome"] for each in listed},
                         {ref: "deployed" for ref in made})
        pushed = self.berth.api("GET", "/projects/killed/deployments?limit=100")["items"]
        pushed = [each for each in pushed if each["trigger"] == "push"]
        self.assertEqual({each["ref"]: each["id"] for each in pushed}, made)
        self.assertEqual(len(pushed), len(made))

    def test_what_github_has_sent_to_others_deploys_nothing_here(self):
        self.set_up_project("recorded")
        for event in json.loads(RECORDED.read_text()):
            if event["name"] not in ("push", "ping", "create", "delete", "pull_request"):
                continue
            for example in event["examples"]:
                answer = self.deliver(json.dumps(example).encode(), event["name"])
                self.assertEqual(answer.status, 202, answer.text)
                item = answer.json["items"][0]
                self.assertEqual(item["outcome"], "ignored", item)
                self.assertTrue(item["reason"], item)
        self.assertEqual(len(self.deployments("recorded")), 1)
