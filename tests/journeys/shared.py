"""The one instance that journeys share where they can, and one set of Git servers."""

import atexit
import unittest

from berth import Berth
from gitserver import GitServer

_shared = {}


def git():
    if "git" not in _shared:
        _shared["git"] = GitServer()
        atexit.register(_shared["git"].close)
    return _shared["git"]


def berth():
    if "berth" not in _shared:
        made = Berth("--allow-nets", f"127.0.0.1/32:{git().port},127.0.0.1/32:{git().ssh_port}")
        atexit.register(made.close)
        made.start().set_up()
        _shared["berth"] = made
    return _shared["berth"]


class Journey(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.git = git()
        cls.berth = berth()
