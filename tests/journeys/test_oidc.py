"""Signing in through a real OpenID Connect provider (npm `oidc-provider`, tests/oidc/), in Debian's Chromium against
a real Berth; and the provider's change of keys."""

import os
import subprocess
import time
import unittest

from berth import EMAIL, PASSWORD, ROOT, Berth, free_port

CLIENT, SECRET = "berth", "s3cret-of-the-client"
NODE = f"{ROOT}/build/toolchain/node/bin"


class Oidc(unittest.TestCase):
    def provider(self, algorithm):
        process = subprocess.Popen(
            [f"{NODE}/node", "provider.mjs", str(self.port),
             f"{self.berth.url}/login/callback/example", CLIENT, SECRET, algorithm],
            cwd=ROOT / "tests/oidc", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for line in process.stdout:
            if line.strip() == "ready":
                return process
        raise AssertionError("the provider does not start")

    def browse(self, again=""):
        environment = dict(
            os.environ, PATH=f"{NODE}:" + os.environ["PATH"], BERTH_URL=self.berth.url,
            BERTH_EMAIL=EMAIL, BERTH_PASSWORD=PASSWORD, PROVIDER_URL=f"http://127.0.0.1:{self.port}",
            CLIENT_ID=CLIENT, CLIENT_SECRET=SECRET, AGAIN=again)
        done = subprocess.run(["node", "e2e/run.mjs", "oidc"], cwd=ROOT / "web", env=environment,
                              capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + self.berth.log_tail())

    def test_sign_in_link_and_rotation(self):
        self.port = free_port(29000, 29999)
        self.berth = Berth("--allow-nets", f"127.0.0.1/32:{self.port}").start()
        self.addCleanup(self.berth.close)
        self.berth.set_up()
        first = self.provider("RS256")
        self.browse()

        # The provider comes back with another key, of the other kind. Berth asks for keys again once a minute.
        first.kill()
        first.wait()
        self.provider("ES256")
        deadline = time.monotonic() + 90
        while True:  # ends with a sign-in, or at the deadline
            try:
                self.browse(again="1")
                break
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(5)

        verified = self.berth.berth("audit", "verify")
        self.assertEqual(verified.returncode, 0, verified.stderr)
        exported = self.berth.berth("audit", "export", "--format", "csv").stdout
        for action in ("sign_in_provider_added", "identity_linked", "identity_unlinked",
                       "through example"):
            self.assertIn(action, exported)
        self.assertNotIn(SECRET, exported)
        removed = self.berth.berth("providers", "rm", "example")
        self.assertEqual(removed.returncode, 0, removed.stderr)


if __name__ == "__main__":
    unittest.main()
