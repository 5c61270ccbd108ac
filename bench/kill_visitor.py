"""Somebody who looks at the sites of `script/soak kills` all the time."""

import re
import threading
import time

from kill_sites import PATHS


class Visitor(threading.Thread):
    """Asks every site for its pages, again and again: each answer must be the live deployment's."""

    def __init__(self, berth, sites, kills, findings):
        super().__init__(daemon=True)
        self.berth, self.sites, self.kills, self.findings = berth, sites, kills, findings
        self.over = threading.Event()

    def edge_was_killed(self, begin_ms):
        return bool(self.kills.of(("edge",), begin_ms - 2000, time.time_ns() // 1_000_000))

    def run(self):
        while not self.over.is_set():
            for site in self.sites:
                for path in PATHS if site.ready else ():
                    self.visit(site, path)
            time.sleep(0.1)

    def visit(self, site, path):
        name, least, begin_ms = site.name_of_project, site.ready, time.time_ns() // 1_000_000
        self.findings.visits += 1
        try:
            answer = self.berth.site(name, path, headers={"X-Visit": "1"})
        except OSError as broken:
            if not self.edge_was_killed(begin_ms):
                self.findings.problem(f"visit {name}{path}: {broken!r}")
            return
        match = re.fullmatch(rf"{name} (\d+)\n", answer.text) if answer.status == 200 else None
        number = int(match.group(1)) if match else None
        if number is None or not least <= number <= site.number or number in site.refused:
            self.findings.problem(f"visit {name}{path}: {answer.status} {answer.text[:80]!r}, "
                                  f"live is {least}, deployed was {site.number}")
