"""The dashboard in Debian's Chromium, against a real Berth: set-up, import, live log with the api
killed in its middle, visit, second push, redeploy, roll back; light, dark and at 360 px."""

import os
import subprocess
import unittest

from berth import ROOT, Berth
from shared import git
from test_failures import build


class Browser(unittest.TestCase):
    def test_the_main_journey_in_every_look(self):
        servers = git()
        berth = Berth("--allow-nets", f"127.0.0.1/32:{servers.port}").start()
        self.addCleanup(berth.close)
        page = ("for i in $(seq 1 40); do echo working $i; sleep 0.1; done; mkdir -p dist; "
                "echo \"<!doctype html><title>Shop</title><h1>$(cat mark)</h1>\" > dist/index.html")
        url = servers.repository("browser", build(page, mark="first"))
        push = berth.folder / "push.py"
        push.write_text(
            "import os, subprocess, sys\n"
            f"work = {str(servers.dir / 'work' / 'browser')!r}\n"
            "open(work + '/mark', 'w').write(os.environ['BERTH_MARK'])\n"
            "names = dict(os.environ, GIT_AUTHOR_NAME='Ada', GIT_AUTHOR_EMAIL='ada@example.com',\n"
            "             GIT_COMMITTER_NAME='Ada', GIT_COMMITTER_EMAIL='ada@example.com')\n"
            "for argv in (['add', '-A'], ['commit', '-q', '-m', 'Mark ' + os.environ['BERTH_MARK']],\n"
            "             ['push', '-q', 'origin', 'main']):\n"
            "    subprocess.run(['git', *argv], cwd=work, env=names, check=True)\n")
        kill = berth.folder / "kill.py"
        kill.write_text(
            "import os, signal, sys\n"
            f"sys.path.insert(0, {str(ROOT / 'tests/journeys')!r})\n"
            "from pathlib import Path\n"
            "for entry in Path('/proc').iterdir():\n"
            "    if not entry.name.isdigit(): continue\n"
            "    try:\n"
            "        argv = (entry / 'cmdline').read_bytes().split(b'\\0')\n"
            "        parent = int((entry / 'stat').read_text().rsplit(')', 1)[1].split()[1])\n"
            "    except (OSError, IndexError): continue\n"
            f"    if parent == {berth.process.pid} and argv[:2] == [b'berth', b'api']:\n"
            "        os.kill(int(entry.name), signal.SIGKILL)\n")
        environment = dict(
            os.environ, PATH=f"{ROOT}/build/toolchain/node/bin:" + os.environ["PATH"],
            BERTH_URL=berth.url, BERTH_SETUP_CODE=berth.setup_code, BERTH_EMAIL="owner@example.com",
            BERTH_PASSWORD="correct horse battery", BERTH_REPO=url,
            BERTH_PUSH=f"python3 {push}", BERTH_RESTART=f"python3 {kill}",
            BERTH_E2E_OUT=os.environ.get("BERTH_E2E_OUT", str(berth.folder / "screens")))
        done = subprocess.run(["node", "e2e/run.mjs", "journey"], cwd=ROOT / "web", env=environment,
                              capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + berth.log_tail())


if __name__ == "__main__":
    unittest.main()
