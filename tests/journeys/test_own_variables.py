"""Variables of one deployment alone: `berth deploy -e`."""

import json

from shared import Journey

SITE = {
    "package.json": json.dumps({"scripts": {"build": "node build.js"}}),
    "build.js": "const { KEY, SHOWN } = process.env\n"
                "const fs = require('fs'); fs.mkdirSync('dist')\n"
                "fs.writeFileSync('dist/index.html', `<!doctype html>shown: ${SHOWN}`)\n"
                "console.log('the key is', KEY)\n",
}


class OwnVariables(Journey):
    def deploy(self, *flags):
        done = self.berth.berth("deploy", "-p", "own", "--json", *flags,
                                environment={"KEY": "s3cret-0123456789"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("s3cret", done.stdout + done.stderr)
        return self.berth.deployment(json.loads(done.stdout)["deployment"])

    def test_one_deployment_alone_gets_them(self):
        url = self.git.repository("own", SITE)
        first, done = self.berth.imported(url, "own")
        self.assertEqual(first["state"], "ready", done.stderr)
        self.assertIn("shown: undefined", self.berth.site("own").text)

        second = self.deploy("-e", "KEY", "--plain-env", "SHOWN=two")
        self.assertEqual(second["own_variables"], ["KEY", "SHOWN"])
        self.assertIsNone(second["reused_deployment"], "it was built with other variables")
        self.assertIn("shown: two", self.berth.site("own").text)
        log = self.berth.log_text(second["id"])
        self.assertIn("Variables of this deployment alone: KEY, SHOWN", log)
        self.assertIn("the key is ***", log)
        self.assertNotIn("s3cret", log)
        self.assertEqual(self.berth.api("GET", "/projects/own/env")["items"], [])

        third = self.deploy("-e", "KEY", "--plain-env", "SHOWN=three")
        self.assertIsNone(third["reused_deployment"], "another value is another build")
        self.assertIn("shown: three", self.berth.site("own").text)
        changes = self.berth.api("GET", "/projects/own/env/changes")
        self.assertEqual([each["what"] for each in changes["items"]], ["removed", "removed"])

        last = self.deploy()
        self.assertEqual(last["own_variables"], [])
        self.assertIn("shown: undefined", self.berth.site("own").text)
