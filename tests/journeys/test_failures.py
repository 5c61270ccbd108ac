"""Everything that goes wrong ends in the right state, with the right reason, and leaves nothing."""

import json
import os
import time
import unittest

import leftovers
from berth import Berth, wait_until
from gitserver import PASSWORD
from shared import Journey, git

# An emulated machine needs more before it reaches any other limit.
BUILD_MINUTES = os.environ.get("BERTH_JOURNEY_BUILD_MINUTES", "1")


def build(script, **files):
    """A repository whose build runs `script` with sh; no dependencies."""
    package = {"name": "x", "version": "1.0.0", "private": True,
               "scripts": {"build": "sh build.sh"}}
    return {"package.json": json.dumps(package), "build.sh": script, **files}


class Clones(Journey):
    """What a clone can fail with."""

    def failed(self, url, name, *options, stdin=""):
        made, done = self.berth.imported(url, name, *options, stdin=stdin)
        if made:
            return made["reason"], done
        problem = json.loads(done.stderr.strip().splitlines()[-1])
        return problem["code"], done

    def test_a_repository_that_is_not_there(self):
        reason, done = self.failed(self.git.url("missing"), "missing")
        self.assertEqual(reason, "clone_not_found", done.stderr)

    def test_a_branch_that_is_not_there(self):
        url = self.git.repository("branchless", {"index.html": "x"})
        reason, done = self.failed(url, "branchless", "--branch", "nowhere")
        self.assertEqual(reason, "clone_ref", done.stderr)

    def test_a_private_repository_without_and_with_its_token(self):
        self.git.repository("secret", {"index.html": "private page"})
        url = self.git.url("secret", private=True)
        reason, done = self.failed(url, "secret-a")
        self.assertEqual(reason, "clone_auth", done.stderr)
        reason, done = self.failed(url, "secret-b", "--token-stdin", stdin="wrong")
        self.assertEqual(reason, "clone_auth", done.stderr)
        made, done = self.berth.imported(url, "secret-c", "--token-stdin",
                                         stdin=PASSWORD)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.berth.site("secret-c").text, "private page")
        log = self.berth.log_text(made["id"]) + done.stderr + done.stdout
        self.assertNotIn(PASSWORD, log)

    def test_a_redirect_is_not_followed(self):
        url = f"http://127.0.0.1:{self.git.port}/redirect/x.git"
        reason, done = self.failed(url, "redirected")
        self.assertIn(reason, ("clone_failed", "clone_blocked", "clone_not_found"), done.stderr)

    def test_private_addresses_are_refused_by_name(self):
        for url in ("http://127.0.0.1:9/x.git", "http://169.254.169.254/x.git",
                    "http://10.1.2.3/x.git", "http://[::1]/x.git"):
            reason, done = self.failed(url, "blocked")
            self.assertIn(reason, ("clone_blocked", "invalid_repo_url"), (url, done.stderr))

    def test_addresses_that_are_no_repositories(self):
        for url in ("file:///etc/passwd", "ext::sh -c id", "--upload-pack=touch /tmp/x",
                    "https://user:pass@example.com/x.git", "/etc", "ftp://example.com/x"):
            answer = self.berth.http("POST", "/api/v1/projects", {"name": "bad", "repo_url": url})
            self.assertEqual(answer.status, 422, (url, answer.text))
            self.assertEqual(answer.json["errors"][0]["pointer"], "/repo_url")

    def test_a_deploy_key_over_ssh(self):
        self.git.repository("overssh", {"index.html": "by ssh"})
        key = self.berth.api("POST", "/deploy-keys", {})
        self.assertTrue(key["public_key"].startswith("ssh-ed25519 "))
        self.git.allow_key(key["public_key"], "overssh")
        made = self.berth.api("POST", "/projects", {
            "name": "overssh", "repo_url": self.git.ssh_url("overssh"), "branch": "main",
            "credential": {"kind": "deploy_key", "deploy_key_id": key["id"]}})
        self.assertEqual(made["credential"]["kind"], "deploy_key")
        started = self.berth.api("POST", "/projects/overssh/deployments", {})
        ended = self.berth.wait_for(started["id"])
        self.assertEqual(ended["state"], "ready", ended)
        self.assertEqual(self.berth.site("overssh").text, "by ssh")


class Builds(Journey):
    """What a build can fail with, on an instance with small limits."""

    @classmethod
    def setUpClass(cls):
        cls.git = git()
        cls.berth = Berth("--allow-nets", f"127.0.0.1/32:{cls.git.port}",
                          "--build-memory-mb", "256", "--build-disk-mb", "128",
                          "--build-processes", "96", "--build-minutes", BUILD_MINUTES)
        cls.berth.start().set_up()

    @classmethod
    def tearDownClass(cls):
        cls.berth.close()

    def tearDown(self):
        wait_until("sandbox processes to be gone", lambda: not leftovers.sandbox_processes(), 15)

    def run_build(self, name, files, *options):
        url = self.git.repository("f-" + name, files)
        made, done = self.berth.imported(url, name, "--output", "dist", *options)
        self.assertIsNotNone(made, done.stderr)
        return made, done

    def check_failed(self, name, files, reason, *options):
        made, done = self.run_build(name, files, *options)
        self.assertEqual((made["state"], made["reason"]), ("failed", reason),
                         made["detail"] + "\n" + done.stderr[-3000:])
        self.assertEqual(done.returncode, 5)
        self.assertEqual(self.berth.site(name).status, 404)
        return made, done

    def test_exit_3_fails_even_when_an_old_output_is_committed(self):
        files = build("exit 3", **{"dist/index.html": "old"})
        made, _ = self.check_failed("silent", files, "build_failed")
        self.assertEqual(made["exit_code"], 3)

    def test_install_fails(self):
        files = build("true")
        package = json.loads(files["package.json"])
        package["dependencies"] = {"berth-no-such-package-at-all": "1.2.3"}
        files["package.json"] = json.dumps(package)
        self.check_failed("install", files, "install_failed")

    def test_no_output_directory(self):
        made, _ = self.check_failed("nothing", build("mkdir -p public"), "output_missing")
        self.assertIn("dist", made["detail"] + made["next_step"])

    def test_a_memory_hog_fails_even_when_the_script_goes_on(self):
        hog = ("node -e \"const a=[];for(;;)a.push(Buffer.alloc(1<<20,1))\"\n"
               "mkdir -p dist; echo still here > dist/index.html; exit 0")
        self.check_failed("memory", build(hog), "out_of_memory")

    def test_a_fork_bomb(self):
        bomb = "f() { f | f & }; f; sleep 5; mkdir -p dist; echo x > dist/index.html"
        self.check_failed("forks", build(bomb), "too_many_processes")

    def test_a_disk_filler(self):
        self.check_failed("disk", build("mkdir -p dist; head -c 1G /dev/zero > dist/big"), "disk_full")

    def test_an_inode_filler(self):
        files = build("mkdir -p dist; node -e \"const fs=require('fs');"
                      "for(let i=0;;i++)fs.writeFileSync('dist/'+i,'')\"")
        made, _ = self.run_build("inodes", files)
        self.assertEqual(made["state"], "failed")
        self.assertIn(made["reason"], ("disk_full", "output_too_large"))

    def test_never_ends(self):
        made, _ = self.check_failed("endless", build("sleep 1000"), "timed_out")
        self.assertLess(made["finished_at_ms"] - made["created_at_ms"], 80_000)

    def test_links_out_of_the_output(self):
        for name, target in (("passwd", "/etc/passwd"), ("up", "../../.."), ("proc", "/proc/self")):
            files = build(f"mkdir -p dist; ln -s {target} dist/x; echo a > dist/index.html")
            self.check_failed("link-" + name, files, "output_unsafe")

    def test_links_inside_become_what_they_point_at(self):
        files = build("mkdir -p dist; echo inside > dist/index.html; ln -s index.html dist/copy.html")
        made, done = self.run_build("link-in", files)
        self.assertEqual(made["state"], "ready", done.stderr)
        self.assertEqual(self.berth.site("link-in", "/copy.html").text, "inside\n")

    def test_a_fifo(self):
        self.check_failed("fifo", build("mkdir -p dist; mkfifo dist/x"), "output_unsafe")

    def test_a_daemon_that_stays_behind(self):
        files = build("mkdir -p dist; echo ok > dist/index.html\n"
                      "setsid sh -c 'trap \"\" TERM HUP; while :; do echo x >> dist/late; sleep 0.1; done' "
                      "> /dev/null 2>&1 &\nexit 0")
        made, done = self.run_build("daemon", files)
        self.assertEqual(made["state"], "ready", done.stderr)

    def test_its_own_secrets_are_masked(self):
        files = build("echo \"the token is $API_TOKEN\"; printf '%s' \"$API_TOKEN\" | base64;"
                      " mkdir -p dist; echo ok > dist/index.html")
        made, done = self.run_build("masked", files, "-e", "API_TOKEN=hunter2-hunter2-hunter2")
        self.assertEqual(made["state"], "ready", done.stderr)
        seen = self.berth.log_text(made["id"]) + done.stderr
        self.assertNotIn("hunter2-hunter2", seen)
        self.assertIn("the token is", seen)

    def test_a_secret_in_the_output(self):
        files = build("mkdir -p dist; echo \"$API_TOKEN\" > dist/index.html")
        self.check_failed("leak", files, "secret_in_output", "-e", "API_TOKEN=hunter2-hunter2-hunter2")

    def test_200000_lines(self):
        files = build("seq 1 200000; mkdir -p dist; echo ok > dist/index.html")
        made, done = self.run_build("lines", files)
        self.assertEqual(made["state"], "ready", done.stderr[-2000:])
        numbers = [line for line in self.berth.log_text(made["id"]).splitlines() if line.isdigit()]
        self.assertEqual(numbers, [str(n) for n in range(1, 200001)])

    def test_it_reaches_nothing_of_the_host(self):
        targets = ["127.0.0.1:%d" % self.berth.port, "10.0.2.2:%d" % self.berth.port,
                   "169.254.169.254:80", "10.0.0.1:80", "127.0.0.1:22"]
        probe = ("const net=require('net'),fs=require('fs');let out=[];"
                 "const one=(h,p)=>new Promise(r=>{const s=net.connect({host:h,port:+p});"
                 "s.setTimeout(1500);s.on('connect',()=>r('reached '+h+':'+p));"
                 "s.on('error',e=>r('no '+h+' '+e.code));s.on('timeout',()=>{s.destroy();r('no '+h+' timeout')})});"
                 "(async()=>{for(const t of process.argv.slice(1)){const i=t.lastIndexOf(':');"
                 "out.push(await one(t.slice(0,i),t.slice(i+1)))}"
                 "for(const p of fs.readdirSync('/proc').filter(n=>/^\\d+$/.test(n)))"
                 "try{const e=fs.readFileSync('/proc/'+p+'/environ','utf8');"
                 "if(/wkt_|edt_|tok_|BERTH_TOKEN|seal/.test(e))out.push('leak '+p)}catch{}"
                 "fs.mkdirSync('dist');fs.writeFileSync('dist/index.html',out.join('\\n'))})()")
        files = build("node probe.js " + " ".join(targets), **{"probe.js": probe})
        files["build.sh"] = "node -e \"$(cat probe.js)\" " + " ".join(targets)
        made, done = self.run_build("probe", files)
        self.assertEqual(made["state"], "ready", done.stderr)
        text = self.berth.site("probe").text
        self.assertEqual(text.count("no "), len(targets), text)
        self.assertNotIn("reached", text)
        self.assertNotIn("leak", text)


if __name__ == "__main__":
    unittest.main()
