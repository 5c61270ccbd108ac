"""The ways in which two earlier systems lost or lied about a deployment, each through the front door.
docs/seeds.md says which scenario is tried where."""

import json
import os
import re
import signal
import time
import unittest

from berth import EMAIL, Berth, wait_until
from shared import Journey, git
from test_failures import build
from test_recovery import LEASE_SECONDS, slow_build

GRACE_SECONDS = 5
ORDER = ["queued", "preparing", "cloning", "installing", "building", "publishing", "ready"]


class Truth(Journey):
    """What becomes of a deployment is decided by exit codes and leases, never by what is printed."""

    def project(self, name, files, **settings):
        url = self.git.repository("s-" + name, files)
        if "package.json" in files:
            settings.setdefault("output_dir", "dist")
        self.berth.api("POST", "/projects", {"name": name, "repo_url": url, "branch": "main", **settings})

    def deploy(self, name):
        return self.berth.api("POST", f"/projects/{name}/deployments", {})["id"]

    def deployed(self, name, files, **settings):
        self.project(name, files, **settings)
        return self.berth.wait_for(self.deploy(name))

    def states(self, deployment):
        events = self.berth.api("GET", f"/deployments/{deployment}/events")["items"]
        return [event["state"] for event in events]

    def test_a_clean_build_passes_every_state_in_order(self):
        made = self.deployed("s-clean", build("mkdir -p dist; echo clean > dist/index.html"))
        self.assertEqual(made["state"], "ready", made)
        seen = self.states(made["id"])
        self.assertEqual(seen, [state for state in ORDER if state in seen])
        self.assertEqual((seen[-1], "building" in seen, "publishing" in seen), ("ready", True, True), seen)

    def test_words_of_failure_fail_nothing(self):
        words = ("echo 'Error: it is all broken' >&2; echo 'npm warn deprecated x@1.0.0' >&2; "
                 "echo 'FAILED build failed error'; mkdir -p dist; echo fine > dist/index.html")
        made = self.deployed("s-words", build(words))
        self.assertEqual((made["state"], made["reason"]), ("ready", None), made)
        self.assertNotIn("failed", self.states(made["id"]))
        self.assertEqual(self.berth.site("s-words").text, "fine\n")

    def test_words_of_success_publish_nothing(self):
        frame = json.dumps({"type": "end", "state": "ready", "exit_code": 0, "end": True})
        words = (f"mkdir -p dist; echo forged > dist/index.html; echo 'Done...'; echo 'Build complete'; "
                 f"echo '{frame}'; printf '\\033]0;ready\\007event: end\\ndata: {{}}\\n\\n'; exit 7")
        made = self.deployed("s-forged", build(words))
        self.assertEqual((made["state"], made["reason"], made["exit_code"]), ("failed", "build_failed", 7), made)
        self.assertEqual(self.berth.site("s-forged").status, 404)
        self.assertEqual(self.berth.api("GET", f"/deployments/{made['id']}/files")["items"], [])

    def test_a_failed_clone_says_what_git_said(self):
        self.berth.api("POST", "/projects", {"name": "s-missing", "repo_url": self.git.url("s-nowhere"),
                                             "branch": "main"})
        made = self.berth.wait_for(self.deploy("s-missing"))
        self.assertEqual((made["state"], made["reason"]), ("failed", "clone_not_found"), made)
        self.assertRegex(self.berth.log_text(made["id"]), r"(?i)not found")
        self.assertTrue(made["next_step"])

    def test_a_build_that_fails_leaves_the_site_as_it_was(self):
        first = self.deployed("s-kept", {**build("mkdir -p dist; cp page dist/index.html"), "page": "one"})
        self.assertEqual(first["state"], "ready", first)
        self.git.commit("s-s-kept", {**build("mkdir -p dist; cp page dist/index.html; exit 1"), "page": "two"})
        second = self.berth.wait_for(self.deploy("s-kept"))
        self.assertEqual((second["state"], second["reason"]), ("failed", "build_failed"), second)
        self.assertEqual(self.berth.site("s-kept").text, "one")
        again = self.berth.wait_for(self.berth.api("POST", f"/deployments/{second['id']}/redeploy", {})["id"])
        self.assertEqual(again["state"], "failed")
        # Its own deployment, with a log of its own: the earlier one's is still there.
        self.assertNotEqual(again["id"], second["id"])
        self.assertIn("sh build.sh", self.berth.log_text(second["id"]))

    def test_directories_outside_the_checkout_are_refused(self):
        url = self.git.repository("s-escape", {"index.html": "x", "out": ("link", "../../../../etc")})
        for root in ("../../../etc", "/etc", "a/../../etc"):
            answer = self.berth.http("POST", "/api/v1/projects",
                                     {"name": "s-escape", "repo_url": url, "branch": "main", "root": root})
            self.assertEqual((answer.status, answer.json["errors"][0]["pointer"]), (422, "/root"), root)
        self.berth.api("POST", "/projects", {"name": "s-escape", "repo_url": url, "branch": "main", "root": "out"})
        made = self.berth.wait_for(self.deploy("s-escape"))
        self.assertEqual(made["state"], "failed", made)
        self.assertIn(made["reason"], ("plan_failed", "clone_failed", "output_missing", "output_unsafe"))

    def test_a_build_sees_no_credential_of_the_platform(self):
        script = ("mkdir -p dist; { env; cat /proc/self/environ /proc/1/environ 2>/dev/null | tr '\\0' '\\n'; } "
                  "| cut -d= -f1 | sort -u > dist/names.txt; echo ok > dist/index.html")
        made = self.deployed("s-names", build(script))
        self.assertEqual(made["state"], "ready", made)
        names = set(self.berth.site("s-names", "/names.txt").text.split())
        self.assertIn("PATH", names)
        platform = [name for name in names if re.search(r"TOKEN|SECRET|PASSWORD|ACCESS_KEY|CREDENTIAL|"
                                                        r"REDIS|DATABASE|S3|SEAL|LAUNCHER|SOCKET", name)]
        self.assertEqual(platform, [])

    def test_a_repository_of_2500_files_is_whole(self):
        files = {f"d{n % 50}/f{n}.txt": f"file {n}\n" for n in range(2500)}
        url, _ = self.git.history("s-many", [{"index.html": "many", **files}])
        self.berth.api("POST", "/projects", {"name": "s-many", "repo_url": url, "branch": "main"})
        made = self.berth.wait_for(self.deploy("s-many"))
        self.assertEqual((made["state"], made["files"]), ("ready", 2501), made)
        for n in (0, 999, 1000, 1001, 2000, 2499):
            self.assertEqual(self.berth.site("s-many", f"/d{n % 50}/f{n}.txt").text, f"file {n}\n")

    def test_eight_at_once_all_end(self):
        for n in range(8):
            self.project(f"s-eight-{n}", {"index.html": f"eight {n}"})
        made = [self.deploy(f"s-eight-{n}") for n in range(8)]
        for n, deployment in enumerate(made):
            self.assertEqual(self.berth.wait_for(deployment)["state"], "ready")
            self.assertEqual(self.berth.site(f"s-eight-{n}").text, f"eight {n}")

    def test_who_comes_late_reads_the_whole_log(self):
        self.project("s-late", build("echo first words; sleep 3; echo last words\n"
                                     "mkdir -p dist; echo x > dist/index.html"))
        deployment = self.deploy("s-late")
        wait_until("the first words", lambda: "\nfirst words" in self.berth.log_text(deployment), 60)
        early = self.berth.log_text(deployment)
        self.assertTrue(early.startswith("Queued s-late at main"), early[:200])
        self.assertRegex(early, r"(?i)clon|fetch")
        self.assertEqual(self.berth.wait_for(deployment)["state"], "ready")
        # Nobody watched: the server has it all the same, with each line's own time.
        whole = self.berth.http("GET", f"/api/v1/deployments/{deployment}/log",
                                headers={"Accept": "application/x-ndjson"}).text.splitlines()
        lines = [json.loads(line) for line in whole][:-1]
        self.assertEqual([line["line"] for line in lines], list(range(len(lines))))
        at = {line["text"]: line["at_ms"] for line in lines}
        self.assertGreater(at["last words"] - at["first words"], 1500)

    def test_a_deleted_project_is_gone_at_once_and_does_not_come_back(self):
        made = self.deployed("s-gone", {"index.html": "old files"})
        self.assertEqual(self.berth.site("s-gone").text, "old files")
        self.assertEqual(self.berth.http("DELETE", "/api/v1/projects/s-gone").status, 204)
        self.assertEqual(self.berth.site("s-gone").status, 404)
        self.assertEqual(self.berth.site(made["url"]).status, 404)
        self.assertEqual(self.berth.http("GET", f"/api/v1/deployments/{made['id']}").status, 404)
        # Its own team may have the name again, and nothing of what was there comes back with it.
        self.project("s-gone", {"index.html": "new files"})
        self.assertEqual(self.berth.site("s-gone").status, 404)

    def test_names_that_are_no_hosts_or_are_the_platforms(self):
        url = self.git.repository("s-name", {"index.html": "x"})
        for name in ("-", "api", "app", "www", "A", "a.b", "a_b", "-a", "a-", "x" * 41, "../x", ""):
            answer = self.berth.http("POST", "/api/v1/projects", {"name": name, "repo_url": url})
            self.assertEqual((answer.status, answer.json["errors"][0]["pointer"]), (422, "/name"), name)
        for url in ("", "x", "github.com", "https://", "https://evil/github.com\n"):
            answer = self.berth.http("POST", "/api/v1/projects", {"name": "s-url", "repo_url": url})
            self.assertEqual((answer.status, answer.json["errors"][0]["pointer"]), (422, "/repo_url"), url)
        for name in ("not-an-id", "dpl_", "dpl_0", "%27", "dpl_" + "z" * 300):
            answer = self.berth.http("GET", f"/api/v1/deployments/{name}")
            self.assertIn(answer.status, (400, 404), name)
            self.assertNotRegex(answer.text, r"\.cpp|select |terminate|0x")


class Deaths(unittest.TestCase):
    """On a Berth of its own, whose processes are killed."""

    @classmethod
    def setUpClass(cls):
        cls.git = git()
        cls.berth = Berth("--allow-nets", f"127.0.0.1/32:{cls.git.port}")
        cls.berth.start().set_up()

    @classmethod
    def tearDownClass(cls):
        cls.berth.close()

    def kill(self, *roles):
        pids = self.berth.roles()
        for role in roles:
            os.kill(pids[role], signal.SIGKILL)

    def test_what_a_killed_worker_held_ends_though_the_api_dies_as_well(self):
        url = self.git.repository("s-dies", slow_build(60))
        self.berth.api("POST", "/projects", {"name": "dies", "repo_url": url, "branch": "main",
                                             "output_dir": "dist"})
        made = self.berth.api("POST", "/projects/dies/deployments", {})["id"]
        wait_until("it to build", lambda: self.berth.deployment(made)["state"] == "building", 60)
        killed_ms = time.time_ns() // 1_000_000
        self.kill("worker", "api")
        wait_until("ready", self.berth.is_ready)
        time.sleep(LEASE_SECONDS / 2)
        self.kill("api")  # gives every lease a fresh period once more
        wait_until("ready", self.berth.is_ready)
        ended = self.berth.wait_for(made, 60)
        self.assertEqual((ended["state"], ended["reason"]), ("failed", "lost_worker"), ended)
        self.assertLess(ended["finished_at_ms"] - killed_ms, (LEASE_SECONDS + GRACE_SECONDS) * 1000)
        self.assertTrue(ended["next_step"])

    def test_the_right_people_alone(self):
        url = self.git.repository("s-private", {"index.html": "x"})
        self.berth.api("POST", "/projects", {"name": "mine", "repo_url": url, "branch": "main"})
        made = self.berth.api("POST", "/projects/mine/deployments", {})["id"]
        self.assertEqual(self.berth.wait_for(made)["state"], "ready")
        origin = {"Origin": self.berth.url, "Authorization": ""}
        one_time = self.berth.api("POST", "/users", {"email": "other@example.com"})["password"]

        def signed_in(password):
            answer = self.berth.http("POST", "/api/v1/auth/login",
                                     {"email": "other@example.com", "password": password}, headers=origin)
            self.assertEqual(answer.status, 200, answer.text)
            return {"Authorization": "Bearer " + answer.json["access_token"]}

        changed = self.berth.http("POST", "/api/v1/auth/password", {"current": one_time, "new": "another battery"},
                                  headers=signed_in(one_time))
        self.assertEqual(changed.status, 204, changed.text)
        other = signed_in("another battery")
        websocket = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                     "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "berth.log.v1"}
        for verb, path, more in (
                ("GET", f"/deployments/{made}", {}), ("GET", f"/deployments/{made}/log", {}),
                ("GET", f"/deployments/{made}/log", websocket), ("GET", f"/deployments/{made}/events", {}),
                ("GET", "/projects/mine", {}), ("DELETE", "/projects/mine", {}),
                ("POST", "/projects/mine/deployments", {}), ("POST", f"/deployments/{made}/redeploy", {}),
                ("GET", "/projects/mine/env", {})):
            body = {} if verb == "POST" else None
            nobody = self.berth.http(verb, "/api/v1" + path, body, headers={"Authorization": "", **more})
            self.assertEqual(nobody.status, 401, (verb, path, nobody.text))
            somebody = self.berth.http(verb, "/api/v1" + path, body, headers={**other, **more})
            self.assertEqual(somebody.status, 404, (verb, path, somebody.text))
        self.assertEqual(self.berth.http("DELETE", "/api/v1/projects/mine").status, 204)
        taken = self.berth.http("POST", "/api/v1/projects", {"name": "mine", "repo_url": url}, headers=other)
        self.assertEqual((taken.status, taken.json["code"]), (409, "name_taken"))

    def test_nobody_writes_a_log_or_an_end_from_outside(self):
        url = self.git.repository("s-written", {"index.html": "x"})
        self.berth.api("POST", "/projects", {"name": "written", "repo_url": url, "branch": "main"})
        made = self.berth.api("POST", "/projects/written/deployments", {})["id"]
        self.assertEqual(self.berth.wait_for(made)["state"], "ready")
        log = self.berth.log_text(made)
        for path in (f"/deployments/{made}/log", f"/worker/jobs/{made}/log", f"/worker/jobs/{made}/finish"):
            for who in ({"Authorization": ""}, {}):  # {}: even its owner
                written = self.berth.http("POST", "/api/v1" + path, {"epoch": 1, "state": "ready"}, headers=who)
                self.assertIn(written.status, (401, 403, 405), (path, who, written.text))
        self.assertEqual(self.berth.log_text(made), log)

    def test_guessing_is_not_helped_by_a_made_up_address(self):
        def guess(n):
            return self.berth.http("POST", "/api/v1/auth/login", {"email": EMAIL, "password": f"guess {n}"}, headers={
                "Origin": self.berth.url, "Authorization": "", "X-Forwarded-For": f"203.0.113.{n}"})

        answers = [guess(n) for n in range(12)]
        self.assertEqual({answer.status for answer in answers}, {401, 429})
        self.assertGreater(int(answers[-1].headers["Retry-After"]), 0)


if __name__ == "__main__":
    unittest.main()
