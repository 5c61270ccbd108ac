"""What `berth doctor` says about isolation on this machine, and that it leaves nothing."""

import json
import platform
import re
import subprocess
import unittest
from pathlib import Path

import leftovers
from berth import BINARY, Berth, wait_until

KNOWS_IDLE = tuple(int(part) for part in platform.release().split(".")[:2]) >= (5, 15)


class Doctor(unittest.TestCase):
    def doctor(self, *before):
        return subprocess.run([*before, BINARY, "doctor", "--json"], capture_output=True, text=True,
                              timeout=120, cwd="/")

    def test_it_tries_the_nine_promises_and_leaves_nothing(self):
        done = self.doctor()
        report = json.loads(done.stdout)
        promises = {promise["id"]: promise for promise in report["promises"]}
        self.assertEqual(sorted(promises), [f"I{n}" for n in range(1, 10)])
        for name, promise in promises.items():
            self.assertIn(promise["state"], ("holds", "in_part"), promise)
            self.assertTrue(promise["detail"], name)
        for name in ("I1", "I2", "I4", "I5", "I7", "I8", "I9"):
            self.assertEqual(promises[name]["state"], "holds", promises[name])
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue(report["ok"])
        self.assertEqual(list(Path("/tmp").glob("berth-doctor-*")), [])
        self.assertEqual(leftovers.sandbox_processes(0x60000000), [])
        self.assertEqual(leftovers.cgroups("berth-doctor"), [])

    def test_without_root_it_says_what_cannot_be_tried(self):
        done = self.doctor("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        if "Permission denied" in done.stderr:
            self.fail(f"{BINARY} cannot be read by others: {done.stderr}")
        report = json.loads(done.stdout)
        states = {promise["id"]: promise["state"] for promise in report["promises"]}
        self.assertEqual(states["I1"], "not_tried")
        self.assertEqual(states["I8"], "holds")
        self.assertFalse(report["ok"])
        self.assertEqual(done.returncode, 1)


class Processors(unittest.TestCase):
    def idle(self, *options):
        """What the kernel says of the group of all builds of a Berth with such options."""
        berth = Berth(*options)
        try:
            berth.start()

            def group():
                launcher = berth.roles().get("launcher")
                mounts = Path(f"/proc/{launcher}/mountinfo").read_text() if launcher else ""
                instance = re.search(r"/run/berth/(ins_\w+)", mounts)
                places = leftovers.cgroups(instance.group(1)) if instance else []
                return next((place for place in places if (Path(place) / "cpu.idle").exists()), None)

            return (Path(wait_until("the group of all builds", group, 10)) / "cpu.idle").read_text().strip()
        finally:
            berth.close()

    @unittest.skipUnless(KNOWS_IDLE, "no idle groups of processes here (Linux 5.15)")
    def test_builds_get_what_nobody_else_wants_unless_they_shall_share(self):
        self.assertEqual(self.idle("--builds-processors", "spare"), "1")
        self.assertEqual(self.idle("--builds-processors", "shared"), "0")


if __name__ == "__main__":
    unittest.main()
