"""The caching npm registry that both sides of `script/bench builds` install from (registry.mjs).

It listens at an address of this machine that is not its loopback: builds reach no loopback but their own. Berth
is told of it as an operator tells of a private registry: --npm-registry and --allow-build-nets."""

import json
import os
import socket
import subprocess
import urllib.request

from stage import ROOT

FOLDER = ROOT / "build/bench/registry"
NODE = ROOT / "build/toolchain/node/bin"


def own_address():
    """Of this machine towards others; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError as none:
            raise RuntimeError("builds reach a registry of this machine only at an address other than "
                               "its loopback, and there is none") from none
        return probe.getsockname()[0]


def upstream():
    environment = dict(os.environ, PATH=f"{NODE}:{os.environ['PATH']}")
    return subprocess.run(["npm", "config", "get", "registry"], env=environment, check=True, cwd="/",
                          capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.strip()


class Registry:
    def __init__(self):
        from sides import next_port

        self.address = own_address()
        self.port = next_port()
        self.url = f"http://{self.address}:{self.port}/"
        self.process = subprocess.Popen(
            [NODE / "node", ROOT / "bench/registry.mjs", upstream(), FOLDER, self.address, str(self.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError("the caching registry did not start")

    @property
    def options(self):
        """Of `berth serve`."""
        return ["--npm-registry", self.url, "--allow-build-nets", f"{self.address}/32:{self.port}"]

    def bytes(self):
        """Sent so far, to whomever."""
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self.url + "-/count") as answer:
            return json.load(answer)["bytes"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
