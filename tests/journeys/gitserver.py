"""Real Git servers over one set of bare repositories: smart HTTP with a private part, and ssh with
deploy keys. nginx + fcgiwrap + git http-backend; sshd."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from berth import free_port, wait_until

PASSWORD = "token-for-clones"

NGINX = """
daemon off; user root; pid {dir}/nginx.pid; error_log {dir}/nginx.err; worker_processes 1;
events {{ worker_connections 256; }}
http {{ access_log off; client_max_body_size 0;
  client_body_temp_path {dir}/tmp/a; proxy_temp_path {dir}/tmp/b; fastcgi_temp_path {dir}/tmp/c;
  uwsgi_temp_path {dir}/tmp/d; scgi_temp_path {dir}/tmp/e;
  server {{ listen 127.0.0.1:{port};
    location /redirect/ {{ return 302 http://127.0.0.2:1/; }}
    location ~ ^/private/(.*) {{ auth_basic git; auth_basic_user_file {dir}/htpasswd;
      set $p /$1; include {dir}/git.inc; }}
    location / {{ set $p $uri; include {dir}/git.inc; }} }} }}
"""

GIT = """
fastcgi_pass unix:{dir}/fcgi.sock; fastcgi_param SCRIPT_FILENAME {backend};
fastcgi_param PATH_INFO $p; fastcgi_param GIT_PROJECT_ROOT {dir}/repos;
fastcgi_param GIT_HTTP_EXPORT_ALL 1; fastcgi_param QUERY_STRING $query_string;
fastcgi_param REQUEST_METHOD $request_method; fastcgi_param CONTENT_TYPE $content_type;
fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param REMOTE_USER $remote_user;
fastcgi_param REMOTE_ADDR $remote_addr; fastcgi_param GIT_PROTOCOL $http_git_protocol;
fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding; fastcgi_buffering off;
"""

SSHD = """
Port {port}
ListenAddress 127.0.0.1
HostKey {dir}/host_key
AuthorizedKeysFile {dir}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
"""


def run(*argv, cwd=None, **more):
    environment = dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_AUTHOR_NAME="Ada",
                       GIT_AUTHOR_EMAIL="ada@example.com", GIT_COMMITTER_NAME="Ada",
                       GIT_COMMITTER_EMAIL="ada@example.com")
    return subprocess.run([str(a) for a in argv], cwd=cwd, env=environment, check=True,
                          capture_output=True, text=True, **more).stdout.strip()


class GitServer:
    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="berth-git-"))
        self.processes = []
        for part in ("repos", "tmp", "work"):
            (self.dir / part).mkdir()
        self.port = free_port()
        self.start_http()
        self.ssh_port = free_port(self.port + 1)
        self.start_ssh()

    def spawn(self, *argv):
        with open(self.dir / "servers.log", "ab") as log:
            # A group of its own: fcgiwrap's children do not end with their parent.
            self.processes.append(subprocess.Popen([str(a) for a in argv], stdout=log, stderr=log,
                                                   stdin=subprocess.DEVNULL, start_new_session=True))

    def answers(self, port):
        def check():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        return check

    def start_http(self):
        backend = run("git", "--exec-path") + "/git-http-backend"
        # The user name that hosts expect beside a token.
        hashed = run("htpasswd", "-nbB", "x-access-token", PASSWORD)
        (self.dir / "htpasswd").write_text(hashed + "\n")
        (self.dir / "nginx.conf").write_text(NGINX.format(dir=self.dir, port=self.port))
        (self.dir / "git.inc").write_text(GIT.format(dir=self.dir, backend=backend))
        self.spawn("fcgiwrap", "-c", "4", "-s", f"unix:{self.dir}/fcgi.sock")
        wait_until("fcgiwrap", (self.dir / "fcgi.sock").exists, 10)
        self.spawn("nginx", "-c", self.dir / "nginx.conf", "-p", self.dir, "-e",
                   self.dir / "nginx.err")
        wait_until("nginx", self.answers(self.port), 10)

    def start_ssh(self):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.dir / "host_key")
        (self.dir / "authorized").touch(0o600)
        (self.dir / "sshd.conf").write_text(SSHD.format(dir=self.dir, port=self.ssh_port))
        Path("/run/sshd").mkdir(exist_ok=True)
        self.spawn(shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f",
                   self.dir / "sshd.conf")
        wait_until("sshd", self.answers(self.ssh_port), 10)

    def allow_key(self, public_key, name):
        """A deploy key: it may read that one repository, whatever is asked for."""
        line = f"restrict,command=\"git-upload-pack '{self.dir}/repos/{name}.git'\" {public_key}\n"
        with open(self.dir / "authorized", "a") as file:
            file.write(line)

    def url(self, name, private=False):
        return f"http://127.0.0.1:{self.port}/{'private/' if private else ''}{name}.git"

    def ssh_url(self, name):
        return f"ssh://root@127.0.0.1:{self.ssh_port}/{name}.git"

    def repository(self, name, files, executable=()):
        """Makes (or commits to) a repository with exactly these files; returns its URL."""
        bare = self.dir / "repos" / f"{name}.git"
        if not bare.exists():
            run("git", "init", "-q", "--bare", "-b", "main", bare)
        self.commit(name, files, executable=executable)
        return self.url(name)

    def commit(self, name, files, branch="main", message="A change", executable=()):
        work = self.dir / "work" / name
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        run("git", "init", "-q", "-b", branch, work)
        bare = self.dir / "repos" / f"{name}.git"
        run("git", "remote", "add", "origin", bare, cwd=work)
        known = run("git", "ls-remote", bare, f"refs/heads/{branch}")
        if known:
            run("git", "fetch", "-q", "origin", branch, cwd=work)
            run("git", "update-ref", f"refs/heads/{branch}", "FETCH_HEAD", cwd=work)
        for path, content in files.items():
            target = work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, tuple):  # ("link", "../x")
                os.symlink(content[1], target)
            else:
                target.write_bytes(content if isinstance(content, bytes) else content.encode())
        for path in executable:
            (work / path).chmod(0o755)
        run("git", "add", "-A", "-f", cwd=work)
        run("git", "commit", "-q", "--allow-empty", "-m", message, cwd=work)
        run("git", "push", "-q", "origin", branch, cwd=work)
        return run("git", "rev-parse", "HEAD", cwd=work)

    def history(self, name, trees):
        """Makes a repository with one commit per tree (path → text), in order; its main branch is at
        the first. Returns its URL and the commits."""
        bare = self.dir / "repos" / f"{name}.git"
        run("git", "init", "-q", "--bare", "-b", "main", bare)
        stream = []
        for number, files in enumerate(trees, 1):
            stream.append(f"commit refs/heads/all\nmark :{number}\n"
                          f"committer Ada <ada@example.com> {1_700_000_000 + number} +0000\n"
                          f"data <<END\nChange {number}\nEND\ndeleteall\n")
            stream += [f"M 644 inline {path}\ndata {len(text.encode())}\n{text}\n"
                       for path, text in files.items()]
        marks = self.dir / "work" / f"{name}.marks"
        run("git", "fast-import", "--quiet", f"--export-marks={marks}", cwd=bare, input="".join(stream))
        numbered = dict(line.split() for line in marks.read_text().splitlines())
        commits = [numbered[f":{number}"] for number in range(1, len(numbered) + 1)]
        self.move(name, commits[0])
        run("git", "update-ref", "-d", "refs/heads/all", cwd=bare)
        return self.url(name), commits

    def move(self, name, commit):
        """Moves a repository's main branch to a commit that it has."""
        run("git", "update-ref", "refs/heads/main", commit, cwd=self.dir / "repos" / f"{name}.git")

    def close(self):
        for process in reversed(self.processes):
            try:
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass  # it ended before, and the others have to end too
        for process in self.processes:
            process.wait(20)
        shutil.rmtree(self.dir, ignore_errors=True)
