"""The sites of `script/soak kills`: repositories whose every commit has a token of its own, projects
that are deployed again and again, and what must be true of each deployment."""

import http.client
import json
import random
import re
import threading
import time

COMMITS = 3000
LINES = 24  # that a build prints
ENDS = {"ready", "failed", "canceled", "superseded", "skipped"}
LEASE_MS = 15_000
GRACE_MS = 5_000
PATIENCE_SECONDS = 180  # after which a deployment counts as stuck

BUILD = (f"i=1; while [ $i -le {LINES} ]; do echo \"line $i $(cat token)\"; i=$((i+1)); sleep 0.04; done\n"
         "mkdir -p dist/assets; for f in index.html a.txt assets/b.txt; do cp token dist/$f; done\n")
KINDS = {  # name → (what its repository has beside the token, how it ends when nothing dies)
    "static": (None, ("ready", None, None)),
    "build": (BUILD, ("ready", None, None)),
    "fails": (BUILD + "exit 3\n", ("failed", "build_failed", 3)),
}
PATHS = ("/", "/a.txt", "/assets/b.txt")


def tree(project, kind, number):
    token = f"{project} {number}\n"
    script = KINDS[kind][0]
    if script is None:
        return {"index.html": token, "a.txt": token, "assets/b.txt": token}
    package = {"name": "x", "version": "1.0.0", "private": True, "scripts": {"build": "sh build.sh"}}
    return {"package.json": json.dumps(package), "build.sh": script, "token": token}


class Site(threading.Thread):
    """One project: the next commit, a deployment, its log to the end, the verdict; again."""

    def __init__(self, berth, git, name, kind, kills, findings, room, order):
        super().__init__(daemon=True)
        self.berth, self.git, self.name_of_project, self.kind = berth, git, name, kind
        self.kills, self.findings, self.room = kills, findings, room
        self.random = random.Random(f"{order}:{name}")
        self.over = threading.Event()
        self.number = 0    # of the commit that was deployed last
        self.ready = 0     # of the one that is known to be live
        self.refused = set()  # numbers that must not be live
        self.made = 0
        url, self.commits = git.history(name, [tree(name, kind, n) for n in range(1, COMMITS + 1)])
        options = {} if kind == "static" else {"output_dir": "dist"}
        berth.api("POST", "/projects", {"name": name, "repo_url": url, "branch": "main", **options})

    def run(self):
        while not self.over.is_set() and self.number < COMMITS:
            with self.room:
                if self.over.is_set():
                    break
                try:
                    self.deploy_once()
                except Exception as broken:  # the trial's own fault, which must not end this site unseen
                    self.findings.problem(f"{self.name_of_project} {self.number}: {broken!r}")
            time.sleep(self.random.uniform(0, 0.5))

    def deploy_once(self):
        self.number += 1
        self.git.move(self.name_of_project, self.commits[self.number - 1])
        try:
            name = self.create()
            lines = self.follow(name)
            found = self.until_ended(name)
        except TimeoutError as stuck:
            self.findings.problem(f"{self.name_of_project} {self.number}: {stuck}")
            return
        self.judge(found, lines)

    # Asking, while the api dies again and again.

    def patiently(self, what, ask):
        """Asks until there is an answer of the api: connections that break and 5xx are none."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        last = None
        while time.monotonic() < deadline:
            try:
                answer = ask()
                if answer.status < 500 and answer.status != 429:
                    return answer
                last = answer.status
            except (OSError, ValueError, http.client.HTTPException) as broken:
                last = repr(broken)
            time.sleep(0.1)
        raise TimeoutError(f"{what}: no answer for {PATIENCE_SECONDS} s ({last})")

    def create(self):
        """Exactly one deployment, however often the question has to be asked."""
        key = f"{self.name_of_project}-{self.number}"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self.patiently("create", lambda: self.berth.http(
                "POST", f"/api/v1/projects/{self.name_of_project}/deployments", {},
                headers={"Idempotency-Key": key}))
            if answer.status < 300:
                self.made += 1
                return answer.json["id"]
            if answer.status != 409:
                raise TimeoutError(f"create: {answer.status} {answer.text[:300]}")
            time.sleep(0.2)  # the first one is under way
        raise TimeoutError(f"create: {answer.status} {answer.text[:300]}")

    def until_ended(self, name):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = self.patiently("look", lambda: self.berth.http("GET", f"/api/v1/deployments/{name}")).json
            if found["state"] in ENDS:
                return found
            time.sleep(0.2)
        raise TimeoutError(f"{name} is stuck in {found['state']}")

    def follow(self, name):
        """The log as it comes, gone on with after each break → its lines; a number that is not the
        next one is a problem."""
        lines, deadline, began = [], time.monotonic() + PATIENCE_SECONDS, False
        while time.monotonic() < deadline:
            try:
                answer = self.berth.http(
                    "GET", f"/api/v1/deployments/{name}/log?after={len(lines)}&wait=2",
                    headers={"Accept": "application/x-ndjson"}, timeout=30)
                body, whole = answer.text if answer.status == 200 else "", True
            except OSError:
                body, whole = "", False
            except Exception as broken:  # http.client.IncompleteRead has what came
                body, whole = getattr(broken, "partial", b"").decode(errors="replace"), False
            if began and not whole:
                self.findings.resumed += 1
            for text in body.split("\n")[:-1]:  # what has no line end is cut off
                began = True
                item = json.loads(text)
                if "end" in item:
                    if item["end"]:
                        return lines
                    continue
                if item["line"] != len(lines):
                    self.findings.problem(f"{name}: line {item['line']} of the log came after {len(lines) - 1}")
                    return lines
                lines.append(item["text"])
            time.sleep(0.05)
        raise TimeoutError(f"the log of {name} does not end")

    # What must be true.

    def judge(self, found, followed):
        says = lambda text: self.findings.problem(f"{found['id']} ({self.name_of_project} {self.number}): {text}")
        state, reason, code = found["state"], found["reason"], found["exit_code"]
        finished = found["finished_at_ms"]
        claimed = next((s["begin_ms"] for s in found["steps"] if s["begin_ms"]), finished)
        fatal = self.kills.of(("worker", "launcher"), claimed, finished)
        natural = (state, reason) == KINDS[self.kind][1][:2]
        lost_ms = None
        if natural:
            if KINDS[self.kind][1][2] is not None and code != KINDS[self.kind][1][2]:
                says(f"exit code {code}")
            begun = max([claimed, *self.kills.of(("api", "worker", "launcher", "edge"), claimed, finished)])
            if finished - begun > LEASE_MS + GRACE_MS:
                says(f"ended {finished - begun} ms after anything had happened to it")
        elif (state, reason) == ("failed", "lost_worker") and fatal or (
                (state, reason) == ("failed", "internal") and self.kills.of(("launcher",), claimed, finished)):
            lost_ms = finished - fatal[0]
            if lost_ms > LEASE_MS + GRACE_MS:
                says(f"{reason} only {lost_ms} ms after the kill")
        else:
            says(f"{state} {reason}: {found['detail']} {found['first_error']} (kills while it ran: {len(fatal)})")
        if found["commit"] and found["commit"] != self.commits[self.number - 1]:
            says(f"commit {found['commit']}")
        self.findings.end(found, lost_ms)
        self.judge_log(found, followed, natural, says)
        self.judge_site(found, says)

    def judge_log(self, found, followed, natural, says):
        text = self.patiently("log", lambda: self.berth.http(
            "GET", f"/api/v1/deployments/{found['id']}/log", headers={"Accept": "text/plain"})).text
        if text.splitlines() != followed:
            says(f"the log has {len(text.splitlines())} lines, its follower {len(followed)}, or they differ")
        if found["log_lines"] != len(followed):
            says(f"log_lines {found['log_lines']}, followed {len(followed)}")
        printed = [line for line in followed if line.startswith("line ")]
        expected = [f"line {n} {self.name_of_project} {self.number}" for n in range(1, LINES + 1)]
        if self.kind == "static":
            expected = []
        if printed != (expected if natural else expected[:len(printed)]):
            says(f"of the build's lines there are {printed[:3]}…, {len(printed)}")

    def judge_site(self, found, says):
        if found["state"] != "ready":
            self.refused.add(self.number)
            return
        self.ready = self.number
        host = re.match(r"http://([^:/]+)", found["url"]).group(1)
        for path in PATHS:
            answer = self.patiently(host, lambda: self.berth.site(f"http://{host}", path))
            if (answer.status, answer.text) != (200, f"{self.name_of_project} {self.number}\n"):
                says(f"{host}{path}: {answer.status} {answer.text[:80]!r}")

    def judge_end(self):
        """After all: production has the last that was ready; nothing was made twice."""
        listed, cursor = 0, ""
        while cursor is not None:
            page = self.berth.api("GET", f"/projects/{self.name_of_project}/deployments?limit=100"
                                  + (f"&cursor={cursor}" if cursor else ""))
            listed, cursor = listed + len(page["items"]), page["next"]
        if listed != self.made:
            self.findings.problem(f"{self.name_of_project}: {self.made} deployments asked for, {listed} there")
        for path in PATHS if self.ready else ():
            answer = self.berth.site(self.name_of_project, path)
            if (answer.status, answer.text) != (200, f"{self.name_of_project} {self.ready}\n"):
                self.findings.problem(f"{self.name_of_project}{path}: {answer.status} {answer.text[:80]!r}, "
                                      f"not {self.ready}")
