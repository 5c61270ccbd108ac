"""A real S3 server: Ceph's object gateway over one monitor and one store that keeps its data in memory. All
state is in a folder of its own, all sockets are on loopback; what was started is ended by process id."""

import hashlib
import hmac
import http.client
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

# What we start ends with us, also when we are killed.
LEASH = ("setpriv", "--pdeathsig", "TERM")

# Small and quick instead of safe: one copy, few placement groups, no waiting for other monitors.
CONF = """
[global]
fsid = {fsid}
mon_host = v2:127.0.0.1:{mon_port}/0
mon_data = {dir}/mon
osd_data = {dir}/osd
rgw_data = {dir}/rgw
run_dir = {dir}/run
admin_socket = {dir}/run/$name.asok
keyring = {dir}/keyring
log_file = {dir}/run/$name.log
crash_dir = {dir}/run
auth_allow_insecure_global_id_reclaim = false
paxos_propose_interval = 0.05
paxos_min_wait = 0.02
public_addr = 127.0.0.1
ms_bind_ipv6 = false
ms_bind_port_min = {osd_port}
ms_bind_port_max = {osd_port_last}
osd_objectstore = memstore
memstore_device_bytes = 2147483648
memstore_page_set = false
osd_crush_chooseleaf_type = 0
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000
mon_osd_full_ratio = 0.96
osd_memory_target = 939524096
osd_op_num_shards = 2
osd_class_load_list = *
osd_class_default_list = *
rgw_enable_usage_log = false
rgw_enable_ops_log = false
rgw_run_sync_thread = false
rgw_thread_pool_size = 32
rgw_dns_name = localhost
rgw_gc_obj_min_wait = 60
"""


def free_ports(count, begin=24000, end=28999):
    """Neighbours below the ephemeral range, where no client socket can sit on one by chance."""
    for first in range(begin + os.getpid() % 1000, end, count):
        sockets = [socket.socket() for _ in range(count)]
        try:
            for number, each in enumerate(sockets):
                each.bind(("127.0.0.1", first + number))
            return list(range(first, first + count))
        except OSError:
            continue
        finally:
            for each in sockets:
                each.close()
    raise RuntimeError("no free ports")


class CephRgw:
    """Used with `with`: it answers inside. `environment` is what the unit tests read."""

    def __enter__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="berth-rgw-"))
        self.processes = []
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self):
        self.port, mon_port, osd_port, *_, osd_port_last = free_ports(12)
        self.access_key, self.secret_key = secrets.token_hex(10), secrets.token_hex(20)
        for part in ("mon", "osd", "rgw", "run"):
            (self.dir / part).mkdir()
        fsid = str(uuid.uuid4())
        (self.dir / "ceph.conf").write_text(CONF.format(
            dir=self.dir, fsid=fsid, mon_port=mon_port, osd_port=osd_port,
            osd_port_last=osd_port_last))
        self.make_monitor(fsid, mon_port)
        self.spawn("ceph-mon", "-f", "-i", "a")
        self.wait_for("the monitor", lambda: self.connects(mon_port))
        osd = str(uuid.uuid4())
        self.run("ceph", "osd", "new", osd)
        self.run("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", osd)
        self.spawn("ceph-osd", "-f", "-i", "0")
        self.add_user("berth", self.access_key, self.secret_key)
        self.start_gateway()

    def add_user(self, name, access_key, secret_key):
        self.run("radosgw-admin", "user", "create", f"--uid={name}", f"--display-name={name}",
                 f"--access-key={access_key}", f"--secret-key={secret_key}")

    def start_gateway(self):
        self.spawn("radosgw", "-f", "-n", "client.rgw", "--rgw-frontends",
                   f"beast endpoint=127.0.0.1:{self.port}")
        self.wait_for("the gateway", self.answers)

    def stop_gateway(self):
        """What it has stored stays."""
        gateway = self.processes.pop()
        gateway.kill()
        gateway.wait()

    def call(self, verb, path, body=b"", query="", keys=None):
        """One signed request (AWS signature 4); → status, body. `query` is in canonical form."""
        access_key, secret_key = keys or (self.access_key, self.secret_key)
        host = f"127.0.0.1:{self.port}"
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = f"{now[:8]}/us-east-1/s3/aws4_request"
        payload = hashlib.sha256(body).hexdigest()
        signed = {"host": host, "x-amz-content-sha256": payload, "x-amz-date": now}
        request = "\n".join([verb, path, query, *(f"{name}:{value}" for name, value in signed.items()),
                             "", ";".join(signed), payload])
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope,
                          hashlib.sha256(request.encode()).hexdigest()])
        key = f"AWS4{secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.new(key, text.encode(), "sha256").hexdigest()
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            connection.request(verb, path + ("?" + query if query else ""), body, {
                **signed, "authorization": f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, "
                                           f"SignedHeaders={';'.join(signed)}, Signature={signature}"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def make_monitor(self, fsid, mon_port):
        # One key ring for all: the monitor imports it when it is made.
        for number, name in enumerate(("mon.", "client.admin", "osd.0", "client.rgw")):
            self.run("ceph-authtool", self.dir / "keyring", *(["--create-keyring"] * (number == 0)),
                     "--gen-key", "-n", name, "--cap", "mon", "allow *", "--cap", "osd", "allow *",
                     "--cap", "mgr", "allow *")
        self.run("monmaptool", "--create", "--clobber", "--fsid", fsid, "--addv", "a",
                 f"[v2:127.0.0.1:{mon_port}]", self.dir / "monmap")
        self.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", self.dir / "monmap", "--keyring",
                 self.dir / "keyring")

    @property
    def environment(self):
        return {"BERTH_TEST_S3_ENDPOINT": f"http://127.0.0.1:{self.port}",
                "BERTH_TEST_S3_ACCESS_KEY": self.access_key,
                "BERTH_TEST_S3_SECRET_KEY": self.secret_key}

    def settings(self):
        return {**os.environ, "CEPH_CONF": str(self.dir / "ceph.conf")}

    def run(self, *argv):
        done = subprocess.run([*LEASH, *(str(part) for part in argv)], env=self.settings(), timeout=60,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"{argv[0]} ended with {done.returncode}: {done.stderr[-2000:]}")

    def spawn(self, *argv):
        with open(self.dir / "servers.log", "ab") as log:
            self.processes.append(subprocess.Popen([*LEASH, *argv], env=self.settings(), stdout=log,
                                                   stderr=log, stdin=subprocess.DEVNULL,
                                                   start_new_session=True))

    def connects(self, port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/swift/healthcheck", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def wait_for(self, what, check, seconds=60):
        deadline = time.monotonic() + seconds
        while not check():
            gone = any(process.poll() is not None for process in self.processes)
            if gone or time.monotonic() > deadline:
                log = (self.dir / "servers.log").read_text(errors="replace")[-3000:]
                raise RuntimeError(f"{what} {'ended' if gone else 'does not answer'}:\n{log}")
            time.sleep(0.05)


def main():
    """ceph_rgw.py COMMAND…: runs it with a server in its environment, and ends as it does."""
    with CephRgw() as server:
        return subprocess.run(sys.argv[1:], env={**os.environ, **server.environment}).returncode


if __name__ == "__main__":
    sys.exit(main())
