"""What finds its way about without a person: searches through logs, and an assistant over MCP."""

import json

from shared import Journey

PAGE = "<!doctype html><title>Boats</title>\n"
SITE = {
    "package.json": json.dumps({"scripts": {"build": "node build.js"}}),
    "build.js": "const fs = require('fs'); fs.mkdirSync('dist')\n"
                "fs.writeFileSync('dist/index.html', '<!doctype html>boats')\n"
                "console.log('\\x1b[32mneedle\\x1b[0m in a haystack')\n",
    "index.html": PAGE,
}


class Assistants(Journey):
    def speak(self, messages, *flags):
        """The answers of one `berth mcp`, by the ids of their requests."""
        hello = {"jsonrpc": "2.0", "id": 0, "method": "initialize",
                 "params": {"protocolVersion": "2025-11-25", "capabilities": {},
                            "clientInfo": {"name": "journey", "version": "1"}}}
        calls = [{"jsonrpc": "2.0", "id": number, "method": "tools/call",
                  "params": {"name": tool, "arguments": arguments}}
                 for number, (tool, arguments) in enumerate(messages, 1)]
        stdin = "".join(json.dumps(message) + "\n" for message in [hello, *calls])
        done = self.berth.berth("mcp", *flags, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([each["id"] for each in answers], list(range(len(calls) + 1)))
        return [each["result"] for each in answers[1:]]

    def test_find_lines_and_let_an_assistant_deploy(self):
        url = self.git.repository("boats", SITE)
        made, done = self.berth.imported(url, "boats")
        self.assertEqual(made["state"], "ready", made)

        found = self.berth.berth("search", "needle in a h", "-p", "boats", "--step", "build")
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertEqual(len(found.stdout.splitlines()), 1, found.stdout)
        place, step, text = found.stdout.split(maxsplit=2)
        self.assertEqual((step, text), ("build", "needle in a haystack\n"))
        deployment, line = place.split(":")
        self.assertEqual(deployment, made["id"])
        log = self.berth.berth("logs", deployment, "--after", str(int(line) - 1), "--json").stdout
        self.assertIn("needle", json.loads(log.splitlines()[0])["text"])
        wrong = self.berth.berth("search", "--regex", "(", "-p", "boats")
        self.assertEqual(wrong.returncode, 1, wrong.stdout)
        self.assertIn("invalid_pattern", self.berth.berth(
            "search", "--regex", "(", "-p", "boats", "--json").stderr)

        self.berth.berth("env", "set", "HIDDEN=0123456789", "SEEN=1", "-p", "boats")
        projects, hits, names, refused = self.speak([
            ("list_projects", {}),
            ("search_logs", {"project": "boats", "query": "n[e]{2}dle", "regex": True}),
            ("env_names", {"project": "boats"}),
            ("deploy", {"project": "boats"}),
        ])
        self.assertIn("boats", [each["name"] for each in projects["structuredContent"]["items"]])
        self.assertEqual(hits["structuredContent"]["items"][0]["deployment"], made["id"])
        self.assertEqual({each["key"] for each in names["structuredContent"]["items"]},
                         {"HIDDEN", "SEEN"})
        self.assertNotIn("0123456789", json.dumps(names))
        self.assertTrue(refused["isError"])
        self.assertEqual(len(self.berth.api("GET", "/projects/boats/deployments")["items"]), 1)

        [started] = self.speak([("deploy", {"project": "boats"})], "--allow-writes")
        second = self.berth.wait_for(started["structuredContent"]["id"])
        self.assertEqual(second["state"], "ready", second)

        schema = self.berth.http("GET", "/schema/berth.toml.json")
        self.assertEqual(schema.status, 200)
        self.assertIn("output_dir", schema.json["properties"]["build"]["properties"])
