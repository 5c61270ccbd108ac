"""The ways of signing in, in Debian's Chromium with a virtual authenticator, against a real Berth; and
`berth login` with a code."""

import os
import subprocess
import unittest

from berth import EMAIL, PASSWORD, ROOT, Berth


class SignIn(unittest.TestCase):
    def test_passkey_app_and_device(self):
        berth = Berth().start()
        self.addCleanup(berth.close)
        berth.set_up()
        environment = dict(
            os.environ, PATH=f"{ROOT}/build/toolchain/node/bin:" + os.environ["PATH"],
            BERTH_URL=berth.url, BERTH_EMAIL=EMAIL, BERTH_PASSWORD=PASSWORD)
        done = subprocess.run(["node", "e2e/run.mjs", "signin"], cwd=ROOT / "web", env=environment,
                              capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + berth.log_tail())

        # The app is set up now: a password alone is not enough at the command line either.
        refused = berth.berth("login", "--server", berth.url, "--email", EMAIL, "--password-stdin",
                              "--code", "000000", stdin=PASSWORD)
        self.assertEqual(refused.returncode, 4, refused.stderr)

        verified = berth.berth("audit", "verify")
        self.assertEqual(verified.returncode, 0, verified.stderr)
        exported = berth.berth("audit", "export", "--format", "csv").stdout
        self.assertIn("second_factor_failed", exported)
        self.assertNotIn(PASSWORD, exported)


if __name__ == "__main__":
    unittest.main()
