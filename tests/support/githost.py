"""A Git host that speaks as much of the REST APIs of GitHub, GitLab and Gitea as Berth asks of one: one
set of repositories, three dialects, chosen by the path (/api/v3, /api/v4, /api/v1). Misbehaves on
demand: `host.misbehave("status", 503)`; deliveries are signed as the hosts sign them."""

import base64
import hashlib
import hmac
import json
import re
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "t0k-of-ann"
DIALECTS = {"/api/v3": "github", "/api/v4": "gitlab", "/api/v1": "gitea"}


class Repository:
    def __init__(self, path, clone_url, private=False):
        self.path, self.clone_url, self.private = path, clone_url, private
        self.hooks, self.statuses, self.comments, self.requests = {}, [], {}, {}
        self.checks = {}  # {commit: {name: state}}: what others check
        self.branches = {}


class GitHost:
    """`tokens`: token → (login, scopes). `git_url`: where a Git server has the repositories, which are
    cloned from here ("/team/shop.git" is its "/shop.git"), private ones with a token only."""

    def __init__(self, git_url=""):
        self.git_url = git_url
        self.lock = threading.RLock()
        self.repositories, self.asked = {}, []
        self.tokens = {TOKEN: ("ann", ["repo", "api"])}
        self.wrong, self.ids = None, 0
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def _any(self):
                host.handle(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def add(self, path, clone_url=None, private=False):
        self.repositories[path] = Repository(path, clone_url or f"{self.url}/{path}.git", private)
        return self.repositories[path]

    def misbehave(self, how=None, value=None, times=10**9):
        """status N | limited SECONDS | slow SECONDS | cut | garbage | endless | redirect URL | None"""
        with self.lock:
            self.wrong = how and [how, value, times]

    def next_id(self):
        with self.lock:
            self.ids += 1
            return self.ids

    # One request.

    def handle(self, request):
        raw = request.rfile.read(int(request.headers.get("content-length") or 0))
        target = urllib.parse.urlsplit(request.path)
        clone = re.fullmatch(r"/(.+?/([^/]+))\.git/.+", target.path)
        if clone:
            return self.hand_on(request, clone[1], clone[2], raw)
        body = json.loads(raw or b"null")
        with self.lock:
            self.asked.append((request.command, request.path, body))
            wrong = self.wrong
            if wrong:
                wrong[2] -= 1
                if wrong[2] <= 0:
                    self.wrong = None
        if wrong and self.go_wrong(request, wrong[0], wrong[1]):
            return
        prefix = target.path[:7]
        if prefix not in DIALECTS:
            return self.send(request, 404, {"message": "no such API"})
        given = request.headers.get("authorization", "").split(" ")[-1]
        if given not in self.tokens:
            return self.send(request, 401, {"message": "Bad credentials"})
        query = dict(urllib.parse.parse_qsl(target.query))
        with self.lock:
            status, answer, fields = Dialect(self, DIALECTS[prefix], given).answer(
                request.command, target.path[7:], query, body)
        if fields.pop("next", False):
            page = int(query.get("page", 1)) + 1
            fields["Link"] = f'<{self.url}{target.path}?page={page}>; rel="next"'
        self.send(request, status, answer, fields)

    def hand_on(self, request, path, name, raw):
        """A clone, to the Git server behind."""
        repository = self.repositories.get(path)
        password = ""
        if request.headers.get("authorization", "").startswith("Basic "):
            basic = base64.b64decode(request.headers["authorization"][6:]).decode()
            password = basic.partition(":")[2]
        if not repository:
            return self.send(request, 404)
        if repository.private and password not in self.tokens:
            return self.send(request, 401, None, {"WWW-Authenticate": 'Basic realm="git"'})
        behind = self.git_url + request.path.replace(f"/{path}.git", f"/{name}.git", 1)
        fields = {each: request.headers[each] for each in
                  ("content-type", "git-protocol", "accept", "content-encoding")
                  if each in request.headers}
        call = urllib.request.Request(behind, raw or None, fields, method=request.command)
        try:
            with urllib.request.urlopen(call, timeout=60) as answer:
                status, kind, text = answer.status, answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as refused:
            status, kind, text = refused.code, "text/plain", refused.read()
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def send(self, request, status, answer=None, fields=None):
        text = b"" if answer is None else json.dumps(answer).encode()
        request.send_response(status)
        for name, value in (fields or {}).items():
            request.send_header(name, value)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def go_wrong(self, request, how, value):
        """Whether the request has been answered."""
        request.close_connection = True
        if how == "status":
            self.send(request, value, {"message": f"as asked: {value}"})
        elif how == "limited":
            self.send(request, 429, {"message": "slow down"}, {"Retry-After": str(value)})
        elif how == "slow":
            time.sleep(value)
            return False
        elif how == "redirect":
            self.send(request, 302, None, {"Location": value})
        elif how == "garbage":
            request.send_response(200)
            request.send_header("Content-Length", "9")
            request.end_headers()
            request.wfile.write(b"{\"id\": <x")
        elif how == "cut":
            request.send_response(200)
            request.send_header("Content-Length", "1000")
            request.end_headers()
            request.wfile.write(b"{\"id\":")
            request.wfile.flush()
            request.connection.shutdown(socket.SHUT_RDWR)
        elif how == "endless":
            request.send_response(200)
            request.send_header("Transfer-Encoding", "chunked")
            request.end_headers()
            try:
                while True:  # until the other side has had enough
                    request.wfile.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
            except OSError:
                pass
        return True

    # What the host does by itself.

    def deliver(self, path, event, body):
        """To every webhook of the repository; the answers' (status, JSON)."""
        answers = []
        for hook in list(self.repositories[path].hooks.values()):
            text = json.dumps(body).encode()
            digest = hmac.new(hook["secret"].encode(), text, hashlib.sha256).hexdigest()
            fields = {"Content-Type": "application/json"}
            if hook["dialect"] == "gitlab":
                fields |= {"X-Gitlab-Event": event, "X-Gitlab-Token": hook["secret"],
                           "Idempotency-Key": str(uuid.uuid4())}
            elif hook["dialect"] == "gitea":
                fields |= {"X-Gitea-Event": event, "X-Gitea-Signature": digest,
                           "X-Gitea-Delivery": str(uuid.uuid4())}
            else:
                fields |= {"X-GitHub-Event": event, "X-GitHub-Delivery": str(uuid.uuid4()),
                           "X-Hub-Signature-256": "sha256=" + digest}
            call = urllib.request.Request(hook["url"], text, fields, method="POST")
            try:
                with urllib.request.urlopen(call, timeout=30) as answer:
                    answers.append((answer.status, json.loads(answer.read())))
            except urllib.error.HTTPError as refused:
                answers.append((refused.code, json.loads(refused.read())))
        return answers


class Dialect:
    """One request in the words of one kind of host."""

    def __init__(self, host, name, token):
        self.host, self.name = host, name
        self.login, self.scopes = host.tokens[token]

    def answer(self, verb, path, query, body):
        if path == "/user":
            fields = {"X-OAuth-Scopes": ", ".join(self.scopes)} if self.name == "github" else {}
            key = "username" if self.name == "gitlab" else "login"
            return 200, {"id": 7, key: self.login}, fields
        if path == "/personal_access_tokens/self":
            return 200, {"scopes": self.scopes}, {}
        if path in ("/user/repos", "/repos/search", "/projects"):
            return self.list_repositories(path, query)
        found = (re.fullmatch(r"/projects/([^/]+)(/.*)?", path) if self.name == "gitlab"
                 else re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path))
        repository = found and self.host.repositories.get(urllib.parse.unquote(found[1]))
        if not repository:
            return 404, {"message": "Not Found"}, {}
        return self.of_repository(repository, verb, found[2] or "", query, body)

    def list_repositories(self, path, query):
        wanted = query.get("search", query.get("q", "")).lower()
        size = int(query.get("per_page", query.get("limit", 30)))
        begin = (int(query.get("page", 1)) - 1) * size
        found = [each for each in self.host.repositories.values() if wanted in each.path.lower()]
        items = [self.shown(each) for each in found[begin:begin + size]]
        wrapped = {"ok": True, "data": items} if path == "/repos/search" else items
        return 200, wrapped, {"next": len(found) > begin + size}

    def shown(self, repository):
        if self.name == "gitlab":
            return {"id": 1, "path_with_namespace": repository.path, "default_branch": "main",
                    "http_url_to_repo": repository.clone_url,
                    "visibility": "private" if repository.private else "public"}
        return {"id": 1, "full_name": repository.path, "clone_url": repository.clone_url,
                "default_branch": "main", "private": repository.private}

    def of_repository(self, repository, verb, rest, query, body):
        if rest == "":
            return 200, self.shown(repository), {}
        if rest.startswith("/hooks"):
            return self.hooks(repository, verb, rest, body)
        if rest.startswith("/statuses/"):
            repository.statuses.append({"commit": rest.rsplit("/", 1)[1],
                                        "context": body.get("context", body.get("name")), **body})
            return 201, {"id": self.host.next_id()}, {}
        checked = re.match(r"/(repository/)?commits/(\w+)/(status|statuses|check-runs)$", rest)
        if checked:
            return 200, self.checks(repository, *checked.group(2, 3)), {}
        if rest in ("/branches", "/repository/branches"):
            key = "sha" if self.name == "github" else "id"
            return 200, [{"name": name, "commit": {key: commit}}
                         for name, commit in repository.branches.items()], {}
        if rest in ("/pulls", "/merge_requests"):
            return 200, list(repository.requests.values()), {}
        if re.search(r"/(comments|notes)(/\d+)?$", rest):
            return self.comments(repository, verb, rest, body)
        return 404, {"message": "Not Found"}, {}

    def checks(self, repository, commit, kind):
        """What `repository.checks` says of the commit, {name: state}, beside what it was told."""
        told = {each["context"]: each["state"] for each in repository.statuses
                if each["commit"] == commit}
        if kind == "check-runs":
            return {"check_runs": []}
        found = {**told, **repository.checks.get(commit, {})}
        if self.name == "gitlab":
            return [{"name": name, "status": state} for name, state in found.items()]
        key = "state" if self.name == "github" else "status"
        return {"statuses": [{"context": name, key: state} for name, state in found.items()]}

    def hooks(self, repository, verb, rest, body):
        if verb == "DELETE":
            there = repository.hooks.pop(int(rest.rsplit("/", 1)[1]), None)
            return (204 if there else 404), None, {}
        if verb == "POST":
            config = body if self.name == "gitlab" else body["config"]
            made = {"id": self.host.next_id(), "url": config["url"], "dialect": self.name,
                    "secret": config["token" if self.name == "gitlab" else "secret"]}
            repository.hooks[made["id"]] = made
            return 201, self.shown_hook(made), {}
        return 200, [self.shown_hook(each) for each in repository.hooks.values()], {}

    def shown_hook(self, hook):
        if self.name == "gitlab":
            return {"id": hook["id"], "url": hook["url"], "alert_status": "executable"}
        return {"id": hook["id"], "active": True, "config": {"url": hook["url"]}}

    def comments(self, repository, verb, rest, body):
        if verb == "GET":
            return 200, [{"id": number, "body": each["body"]}
                         for number, each in repository.comments.items()], {}
        if verb == "POST":
            number = self.host.next_id()
            repository.comments[number] = {"body": body["body"], "on": rest.split("/")[2]}
            return 201, {"id": number, "body": body["body"]}, {}
        there = repository.comments.get(int(rest.rsplit("/", 1)[1]))
        if not there:
            return 404, {"message": "Not Found"}, {}
        there["body"] = body["body"]
        return 200, {"id": int(rest.rsplit("/", 1)[1]), "body": body["body"]}, {}
