"""What the edge tells: traffic in the API and the command line, the access log, and /metrics."""

import http.client
import json
import os
import re
import signal
import stat
import time
import unittest

from berth import Berth, free_port, wait_until
from shared import git


class Tells(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.git = git()
        cls.admin_port = free_port(29000, 30999)  # not the one that Berth will find
        cls.berth = Berth("--allow-nets", f"127.0.0.1/32:{cls.git.port}",
                          "--admin-listen", f"127.0.0.1:{cls.admin_port}",
                          "--trusted-proxy", "127.0.0.1")
        cls.log = cls.berth.folder / "logs" / "access.log"
        cls.berth.options += ["--access-log", str(cls.log)]
        cls.berth.start().set_up()
        url = cls.git.repository("tells", {"index.html": "home", "a b.html": "space",
                                           "404.html": "lost", "_redirects": "/old /new\n"})
        made, done = cls.berth.imported(url, "tells")
        assert made and made["state"] == "ready", done.stderr
        cls.project = made["project"]

    @classmethod
    def tearDownClass(cls):
        cls.berth.close()

    def admin(self, path, verb="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=10)
        try:
            connection.request(verb, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metric(self, name):
        text = self.admin("/metrics")[1]
        found = re.search("^" + re.escape(name) + r" (\S+)$", text, re.MULTILINE)
        self.assertTrue(found, f"{name} is not in\n{text}")
        return float(found.group(1))

    def traffic(self):
        return self.berth.api("GET", "/projects/tells/traffic?step=minute")

    def settled(self):
        """The traffic, once everything that the edge answered for sites is in it."""
        own = ("memory", "miss", "file", "not_modified", "made")

        def told():
            answered = sum(self.metric('berth_edge_answers_total{source="%s"}' % each)
                           for each in own)
            traffic = self.traffic()
            return traffic if traffic["totals"]["requests"] == answered else None

        return wait_until("the api to know all requests", told, 60, every=0.5)

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def test_a_visit_is_seen_everywhere_and_counted_once(self):
        before = self.settled()["totals"]["requests"]
        sent = self.metric('berth_edge_requests_total{class="2xx"}')
        for _ in range(3):
            self.assertEqual(self.berth.site("tells", "/?q=secret", {
                "Referer": "https://news.example/today?who=me", "User-Agent": 'a "b"\\',
                "X-Forwarded-For": "192.0.2.7"}).status, 200)
        self.assertEqual(self.berth.site("tells", "/a%20b").status, 200)
        self.assertEqual(self.berth.site("tells", "/nowhere").status, 404)
        self.assertEqual(self.berth.site("tells", "/old").status, 301)

        told = self.settled()
        totals = told["totals"]
        self.assertEqual(totals["requests"], before + 6)
        self.assertGreater(totals["bytes"], 6 * 100)
        self.assertIn("/", [each["name"] for each in told["paths"]])
        self.assertNotIn("/nowhere", [each["name"] for each in told["paths"]])
        self.assertEqual(told["referrers"][0]["name"], "news.example")
        self.assertGreater(totals["p99_us"], 0)
        self.assertEqual(sum(point["requests"] for point in told["points"]), totals["requests"])

        printed = self.berth.berth("traffic", "-p", "tells")
        self.assertEqual(printed.returncode, 0, printed.stderr)
        self.assertIn("news.example", printed.stdout)

        wait_until("the lines", lambda: len([line for line in self.lines()
                                             if line["path"] == "/old"]) > 0, 10)
        mine = [line for line in self.lines() if line["client"] == "192.0.2.7"]
        self.assertEqual(len(mine), 3)
        self.assertEqual((mine[0]["path"], mine[0]["query"], mine[0]["referrer"]),
                         ("/", True, "https://news.example/today"))
        self.assertEqual(mine[0]["user_agent"], 'a "b"\\')
        self.assertEqual(mine[0]["project"], self.project)
        self.assertNotIn("secret", self.log.read_text())

        self.assertGreaterEqual(self.metric('berth_edge_requests_total{class="2xx"}'), sent + 4)
        self.assertGreaterEqual(self.metric("berth_edge_rule_answers_total"), 1)
        self.assertEqual(self.metric("berth_edge_access_log_dropped_total"), 0)
        self.assertEqual(self.metric("berth_edge_traffic_lost_requests_total"), 0)

    def test_the_log_is_the_edges_own(self):
        self.berth.site("tells")
        wait_until("the log", self.log.exists, 10)
        self.assertEqual(stat.S_IMODE(self.log.stat().st_mode), 0o640)
        if os.geteuid() == 0:
            self.assertEqual((self.log.stat().st_uid, self.log.parent.stat().st_uid), (61893, 61893))

    def test_the_operators_socket_answers_and_is_no_site(self):
        self.assertEqual(self.admin("/livez"), (200, "ok\n"))
        self.assertEqual(self.admin("/readyz"), (200, "ok\n"))
        self.assertEqual(self.admin("/")[0], 404)
        self.assertEqual(self.admin("/metrics", "POST")[0], 405)
        self.assertGreaterEqual(self.metric("berth_edge_hosts"), 1)
        self.assertEqual(self.berth.site("tells", "/metrics").status, 404)

    def test_what_is_counted_while_the_api_hangs_comes_later_and_once(self):
        before = self.settled()["totals"]["requests"]
        api = self.berth.roles()["api"]
        os.kill(api, signal.SIGSTOP)
        try:
            for _ in range(5):
                self.assertEqual(self.berth.site("tells").status, 200)
            wait_until("a report that waits",
                       lambda: self.metric("berth_edge_traffic_rows_waiting") > 0, 30)
            time.sleep(11)  # the report's own limit: it is given up, and sent again
            self.assertEqual(self.admin("/livez")[0], 200)
        finally:
            os.kill(api, signal.SIGCONT)
        told = self.settled()
        self.assertEqual(told["totals"]["requests"], before + 5)
        wait_until("nothing that waits",
                   lambda: self.metric("berth_edge_traffic_rows_waiting") == 0, 40)
        self.assertEqual(self.traffic()["totals"]["requests"], before + 5)


class TellsNothing(unittest.TestCase):
    def test_a_place_that_is_somebody_elses_is_refused_in_words(self):
        berth = Berth("--access-log", "/etc/access.log")
        try:
            with self.assertRaises(AssertionError):
                berth.start()
            self.assertIn("choose a directory of its own", berth.log_tail())
        finally:
            berth.close()
