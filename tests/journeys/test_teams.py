"""Somebody is invited, does what their role allows, and loses it again: over the command line and a real build."""

import copy
import json

from shared import Journey

PASSWORD = "battery staple"


class Teams(Journey):
    def owner(self, *words):
        done = self.berth.berth(*words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def join(self, email, role):
        """A new person by the link alone, with a token of their own."""
        link = self.owner("team", "invite", email, "--role", role, "--team", "default")
        person = copy.copy(self.berth)
        person.token = None
        joined = person.berth("--server", self.berth.url, "team", "accept", link, "--password-stdin",
                              stdin=PASSWORD)
        self.assertEqual((joined.returncode, joined.stdout.strip()), (0, email), joined.stderr)
        again = person.berth("--server", self.berth.url, "team", "accept", link, "--password-stdin",
                             stdin=PASSWORD)
        self.assertEqual(again.returncode, 7, again.stderr)
        signed_in = person.api("POST", "/auth/login", {"email": email, "password": PASSWORD})
        person.token = signed_in["access_token"]
        person.token = person.api("POST", "/tokens", {"name": "journey", "scope": "admin"})["token"]
        return person

    def deploys(self, person):
        return person.berth("deploy", "-p", "crewsite", "--json").returncode

    def projects(self, person):
        return [item["name"] for item in person.api("GET", "/projects")["items"]]

    def test_a_role_is_given_changed_and_taken(self):
        url = self.git.repository("crewsite", {"index.html": "ours"})
        made, done = self.berth.imported(url, "crewsite")
        self.assertEqual(made["state"], "ready", done.stderr)
        dev = self.join("dev@example.com", "developer")

        self.assertEqual(self.deploys(dev), 0)
        self.assertEqual(dev.berth("projects", "set", "-p", "crewsite", "root=web").returncode, 4)
        self.assertEqual(dev.berth("team", "invite", "x@example.com", "--role", "viewer").returncode, 4)
        members = json.loads(dev.berth("team", "members", "--json").stdout)["items"]
        self.assertIn(("dev@example.com", "developer"), [(m["email"], m["role"]) for m in members])

        self.owner("team", "role", "dev@example.com", "viewer", "--team", "default")
        self.assertEqual(dev.berth("status", "-p", "crewsite").returncode, 0)
        self.assertEqual(self.deploys(dev), 4)

        self.owner("team", "remove", "dev@example.com", "--team", "default")
        self.assertEqual(self.projects(dev), [])
        self.assertEqual(self.deploys(dev), 3)

        # A guest of the one project, and of nothing else.
        self.berth.api("PUT", "/projects/crewsite/members/dev@example.com", {"role": "developer"})
        self.assertEqual(self.projects(dev), ["crewsite"])
        self.assertEqual(self.deploys(dev), 0)
        self.assertEqual(dev.berth("team", "members", "--team", "default").returncode, 3)
