"""Connected Git hosts, in three dialects: repositories are picked, webhooks made, statuses and comments
kept, whatever the host does meanwhile."""

import json
import os
import signal
import sys
import unittest
from pathlib import Path

from berth import Berth, wait_until
from gitserver import GitServer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from githost import GitHost, TOKEN  # noqa: E402

PAGE = "<!doctype html><title>Connected</title><h1>{}</h1>\n"
KINDS = ("github", "gitlab", "gitea")


class GitHosts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.git = GitServer()
        cls.addClassCleanup(cls.git.close)
        cls.host = GitHost(f"http://127.0.0.1:{cls.git.port}")
        cls.addClassCleanup(cls.host.close)
        cls.berth = Berth("--allow-nets", f"127.0.0.1/32:{cls.host.port}")
        cls.addClassCleanup(cls.berth.close)
        cls.berth.start().set_up()
        cls.team = cls.berth.api("GET", "/teams")["items"][0]["slug"]

    def setUp(self):
        self.host.misbehave(None)

    def connect(self, kind, token=TOKEN, url=None):
        return self.berth.berth("git", "add", kind, "--url", url or self.host.url, "--token-stdin",
                                "--team", self.team, "--json", stdin=token)

    def code_of(self, done):
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return json.loads(done.stderr.strip().splitlines()[-1])["code"]

    def test_three_dialects_connect_and_list_what_they_have(self):
        self.host.add("team/first")
        for number in range(120):
            self.host.add(f"team/many-{number:03}")
        for kind in KINDS:
            self.host.tokens["t0k-of-bob"] = ("bob", ["repo", "api"])  # the others are ann's
            made = self.connect(kind, token="t0k-of-bob")
            self.assertEqual(made.returncode, 0, made.stderr)
            one = json.loads(made.stdout)
            self.assertEqual(one["account"], "bob")
            self.assertEqual(one["missing_scopes"], [])
            self.assertNotIn("t0k-of-bob", made.stdout + made.stderr)
            seen, cursor = [], ""
            while True:  # ends with the last page
                page = self.berth.api(
                    "GET", f"/teams/{self.team}/git-connections/{one['id']}/repositories{cursor}")
                seen += [each["path"] for each in page["items"]]
                if not page["next"]:
                    break
                cursor = "?cursor=" + page["next"]
            self.assertEqual(len(seen), len(set(seen)))
            self.assertIn("team/first", seen)
            self.assertGreaterEqual(len(seen), 121)
            found = self.berth.berth("git", "repos", one["id"], "--search", "MANY-01", "--team",
                                     self.team)
            self.assertEqual(found.stdout.count("team/many-01"), 10, found.stdout)
            gone = self.berth.berth("git", "rm", one["id"], "--team", self.team)
            self.assertEqual(gone.returncode, 0, gone.stderr)

    def test_whatever_a_host_answers_is_said_in_words(self):
        for how, value, code in (("status", 401, "git_token_refused"),
                                 ("status", 403, "git_permission_missing"),
                                 ("status", 404, "git_not_found"),
                                 ("status", 503, "git_host_failed"),
                                 ("garbage", None, "git_host_answer"),
                                 ("cut", None, "git_host_unreachable"),
                                 ("endless", None, "git_host_answer"),
                                 ("redirect", "http://169.254.169.254/", "git_host_redirects")):
            self.host.misbehave(how, value)
            self.assertEqual(self.code_of(self.connect("gitea")), code, how)
        self.host.misbehave(None)
        self.assertEqual(self.code_of(self.connect("gitea", token="wrong")), "git_token_refused")
        self.host.misbehave("limited", 1, times=1)
        self.assertEqual(self.code_of(self.connect("gitea")), "git_host_busy")

    def test_a_connection_leads_to_no_internal_address(self):
        asked = len(self.host.asked)
        for url in ("http://127.0.0.1:1", "http://127.0.0.1:" + str(self.berth.port),
                    "http://169.254.169.254", "http://10.0.0.1", "http://localhost:22",
                    "http://2130706433", "http://0.0.0.0"):
            code = self.code_of(self.connect("gitea", url=url))
            self.assertIn(code, ("git_host_blocked", "git_host_unreachable"), url)
        self.assertEqual(self.code_of(self.connect("gitea", url="http://169.254.169.254")),
                         "git_host_blocked")
        self.assertEqual(len(self.host.asked), asked)

    def project(self, kind, name, private=False):
        """A connection and a project of one repository there, live; its commit."""
        self.git.repository(name, {"index.html": PAGE.format("one")})
        there = self.host.add(f"team/{name}", private=private)
        made = self.connect(kind)
        if made.returncode == 0:
            self.connections = getattr(self, "connections", {})
            self.connections[kind] = json.loads(made.stdout)["id"]
        listed = self.berth.api("GET", f"/teams/{self.team}/git-connections")["items"]
        connection = next(each["id"] for each in listed if each["provider"] == kind)
        done = self.berth.berth("git", "import", f"team/{name}", "--connection", connection,
                                "--team", self.team, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return there, self.berth.api("GET", f"/projects/{name}/deployments")["items"][0]

    def told(self, there, commit):
        return [each["state"] for each in there.statuses if each["commit"] == commit]

    def push_body(self, kind, there, branch, before, after):
        if kind == "gitlab":
            return "Push Hook", {"object_kind": "push", "ref": f"refs/heads/{branch}",
                                 "before": before, "after": after, "user_username": "ada",
                                 "project": {"git_http_url": there.clone_url}, "commits": []}
        return "push", {"ref": f"refs/heads/{branch}", "before": before, "after": after,
                        "repository": {"clone_url": there.clone_url}, "deleted": False,
                        "pusher": {"login": "ada", "name": "ada"}, "commits": []}

    def test_a_private_repository_is_picked_cloned_pushed_and_told_of(self):
        for kind in KINDS:
            with self.subTest(kind):
                name = f"picked-{kind}"
                there, first = self.project(kind, name, private=True)
                self.assertEqual(first["state"], "ready")
                self.assertIn("one", self.berth.site(name).text)
                self.assertNotIn(TOKEN, self.berth.log_text(first["id"]))
                self.assertEqual(len(there.hooks), 1)
                done = "success"
                wait_until("the status", lambda: done in self.told(there, first["commit"]), 20)
                self.assertEqual(self.told(there, first["commit"])[0], "pending")
                self.assertEqual(there.statuses[-1]["context"], f"berth/{name}")
                self.assertIn(f"{name}-", there.statuses[-1]["target_url"])

                after = self.git.commit(name, {"index.html": PAGE.format("two")})
                event, body = self.push_body(kind, there, "main", first["commit"], after)
                status, answer = self.host.deliver(there.path, event, body)[0]
                self.assertEqual(status, 202, answer)
                self.berth.wait_for(answer["items"][0]["deployment"])
                wait_until("the push to be live", lambda: "two" in self.berth.site(name).text)
                wait_until("its status", lambda: done in self.told(there, after), 20)

                shown = self.berth.berth("git", "status", "-p", name)
                self.assertIn("the webhook is there", shown.stderr)
                gone = self.berth.berth("projects", "rm", name, "-y")
                self.assertEqual(gone.returncode, 0, gone.stderr)
                wait_until("the webhook to be removed", lambda: not there.hooks, 30)

    def test_a_status_outlives_a_host_that_is_away_and_an_api_that_is_killed(self):
        there, first = self.project("gitea", "patient")
        wait_until("the first status", lambda: self.told(there, first["commit"])[-1:] ==
                   ["success"], 20)
        self.host.misbehave("status", 503)
        after = self.git.commit("patient", {"index.html": PAGE.format("two")})
        done = self.berth.berth("deploy", "-p", "patient")
        self.assertEqual(done.returncode, 0, "a deployment waits for no Git host: " + done.stderr)
        self.assertEqual(self.told(there, after), [])
        trouble = wait_until("trouble to be shown", lambda: self.berth.api(
            "GET", "/projects/patient/git")["trouble"], 20)
        self.assertIn("503", trouble)
        os.kill(self.berth.roles()["api"], signal.SIGKILL)
        wait_until("the api to be back", self.berth.is_ready, 30)
        self.host.misbehave(None)
        wait_until("the status", lambda: self.told(there, after)[-1:] == ["success"], 60)
        self.assertIsNone(self.berth.api("GET", "/projects/patient/git")["trouble"])

    def test_a_deployment_waits_for_the_checks_of_its_commit(self):
        for kind in KINDS:
            with self.subTest(kind):
                name = f"waiting-{kind}"
                there, first = self.project(kind, name)
                done = self.berth.berth("projects", "set", "-p", name, "wait_for_checks=true")
                self.assertEqual(done.returncode, 0, done.stderr)
                after = self.git.commit(name, {"index.html": PAGE.format("two")})
                there.checks[after] = {"ci": "pending"}
                event, body = self.push_body(kind, there, "main", first["commit"], after)
                status, answer = self.host.deliver(there.path, event, body)[0]
                self.assertEqual(status, 202, answer)
                made = answer["items"][0]["deployment"]
                self.berth.wait_for(made)
                self.assertTrue(self.berth.deployment(made)["waits_for_checks"])
                self.assertIn("one", self.berth.site(name).text)
                there.checks[after] = {"ci": "success"}
                wait_until("it to be live", lambda: "two" in self.berth.site(name).text, 40)
                self.assertFalse(self.berth.deployment(made)["waits_for_checks"])

    def request(self, kind, there, number, commit, state="open", fork=True):
        """A pull request as the host lists it, and as it delivers it: the event and its body."""
        name = there.path.rsplit("/", 1)[1]
        origin = f"eve/{name}" if fork else there.path
        if kind == "gitlab":
            words = {"open": "opened", "closed": "merged"}
            listed = {"iid": number, "sha": commit, "title": "Cart", "source_branch": "cart",
                      "target_branch": "main", "author": {"username": "eve", "id": 66},
                      "source_project_id": 2 if fork else 1, "target_project_id": 1}
            told = {**listed, "state": words[state], "author_id": 66, "last_commit": {"id": commit}}
            body = {"object_kind": "merge_request", "user": {"id": 1, "username": "ann"},
                    "project": {"git_http_url": there.clone_url}, "object_attributes": told}
            event = "Merge Request Hook"
        else:
            listed = {"number": number, "state": state, "title": "Cart",
                      "user": {"login": "eve", "id": 66},
                      "head": {"ref": "cart", "sha": commit, "repo": {"full_name": origin}},
                      "base": {"ref": "main", "repo": {"full_name": there.path}}}
            body = {"pull_request": listed, "repository": {"full_name": there.path,
                                                           "clone_url": there.clone_url}}
            event = "pull_request"
        if state == "open":
            there.requests[number] = listed
        else:
            there.requests.pop(number, None)
        return event, body

    def test_a_stranger_s_request_is_built_on_a_word_without_secrets_and_ends_when_closed(self):
        for kind in KINDS:
            with self.subTest(kind):
                name = f"forked-{kind}"
                there, first = self.project(kind, name)
                secret = self.berth.berth("env", "set", "API_KEY=very-secret-value", "-p", name)
                self.assertEqual(secret.returncode, 0, secret.stderr)
                # What a fork has is in the host's one store of commits, under no branch of ours.
                commit = self.git.commit(name, {
                    "index.html": PAGE.format("fork"), "package.json": json.dumps({
                        "name": "x", "scripts": {"build": "mkdir -p dist && echo key=$API_KEY. "
                                                          "env=$BERTH_ENVIRONMENT. >dist/index.html"}})},
                    branch="eves")
                event, body = self.request(kind, there, 7, commit)
                status, answer = self.host.deliver(there.path, event, body)[0]
                self.assertEqual(status, 202, answer)
                waits = self.berth.berth("git", "requests", "-p", name)
                self.assertIn("waits for your word", waits.stdout)
                self.assertEqual(len(self.berth.api("GET", f"/projects/{name}/deployments")["items"]), 1)

                word = self.berth.berth("git", "approve", "7", "-p", name)
                self.assertEqual(word.returncode, 0, word.stderr)
                done = self.berth.wait_for(word.stdout.strip())
                self.assertEqual((done["state"], done["environment"], done["commit"]),
                                 ("ready", "preview", commit), done)
                site = self.berth.site(done["url"])
                self.assertIn("key=. env=preview.", site.text)
                preview = self.berth.api("GET", f"/projects/{name}/git/requests")["items"][0]["url"]
                self.assertIn("key=.", self.berth.site(preview).text)
                self.assertIn("one", self.berth.site(name).text)

                def comment():
                    texts = [each["body"] for each in there.comments.values()]
                    return texts[0] if len(texts) == 1 and "Ready" in texts[0] else None

                self.assertIn("without secrets", wait_until("the comment", comment, 30))

                event, body = self.request(kind, there, 7, commit, state="closed")
                self.host.deliver(there.path, event, body)
                wait_until("the preview to be gone",
                           lambda: self.berth.site(preview).status == 404, 20)
                self.assertEqual(self.berth.site(done["url"]).status, 404)
                self.assertEqual(self.berth.deployment(done["id"])["state"], "ready")
