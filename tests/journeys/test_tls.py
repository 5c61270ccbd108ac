"""TLS as an operator sets it up: certificates as files, changed while visitors are there."""

import json
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest
from pathlib import Path

from berth import BINARY, Berth, free_port, wait_until
from shared import git


def certificate(folder, name, hosts, subject=None):
    """NAME.crt and NAME.key in `folder`, moved into place as a renewal does."""
    made = Path(tempfile.mkdtemp(prefix="berth-journey-"))
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "30", "-keyout", made / "key", "-out", made / "crt",
             "-subj", f"/CN={subject or name}",
             "-addext", "subjectAltName=" + ",".join("DNS:" + host for host in hosts)],
            check=True, capture_output=True)
        shutil.move(made / "key", folder / f"{name}.key")
        shutil.move(made / "crt", folder / f"{name}.crt")
    finally:
        shutil.rmtree(made)


class Issuer:
    """An authority that answers for its certificates: `openssl ocsp`."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="berth-journey-"))
        self.port = free_port(29000, 29999)
        self.index = self.folder / "index.txt"
        self.index.write_text("")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-days", "30", "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=Issuer")
        self.responder = None

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def issue(self, folder, name, host, serial):
        """NAME.crt (with the issuer's) and NAME.key in `folder`; the responder knows it."""
        (self.folder / "extensions").write_text(
            f"subjectAltName=DNS:{host}\nauthorityInfoAccess=OCSP;URI:http://127.0.0.1:{self.port}/\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-keyout", "key", "-out", "request", "-subj", f"/CN={name}")
        self._openssl("x509", "-req", "-in", "request", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "30",
                      "-set_serial", str(serial), "-extfile", "extensions", "-out", "own.crt")
        with self.index.open("a") as index:
            index.write(f"V\t491231235959Z\t\t{serial:02X}\tunknown\t/CN={name}\n")
        chain = (self.folder / "own.crt").read_text() + (self.folder / "ca.crt").read_text()
        (self.folder / "chain").write_text(chain)
        shutil.move(self.folder / "key", folder / f"{name}.key")
        shutil.move(self.folder / "chain", folder / f"{name}.crt")

    def start(self):
        self.responder = subprocess.Popen(
            ["openssl", "ocsp", "-index", "index.txt", "-port", str(self.port), "-rsigner", "ca.crt",
             "-rkey", "ca.key", "-CA", "ca.crt", "-nmin", "60", "-ignore_err"],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def close(self):
        if self.responder:
            self.responder.kill()
            self.responder.wait()
        shutil.rmtree(self.folder)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.git = git()
        cls.certificates = Path(tempfile.mkdtemp(prefix="berth-journey-"))
        cls.certificates.chmod(0o700)
        certificate(cls.certificates, "all", ["localhost", "*.localhost", "one.localhost"], "first")
        cls.tls_port = free_port(29000, 29999)
        cls.berth = Berth("--allow-nets", f"127.0.0.1/32:{cls.git.port}",
                          "--listen-tls", f"127.0.0.1:{cls.tls_port}",
                          "--cert-dir", cls.certificates)
        # The journeys' own client speaks in the clear: it is not to be sent to TLS.
        cls.berth.options += ["--https-redirect", "off", "--platform-url",
                              f"http://localhost:{cls.berth.port}"]
        cls.berth.start().set_up()
        url = cls.git.repository("one", {"index.html": "<h1>over TLS</h1>\n",
                                         "big.bin": "0123456789" * 300_000})
        made, done = cls.berth.imported(url, "one")
        assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        cls.berth.close()
        shutil.rmtree(cls.certificates)

    def curl(self, url, *options):
        done = subprocess.run(
            ["curl", "-sk", "--resolve", f"*:{self.tls_port}:127.0.0.1", "-w",
             "\n%{http_version} %{http_code}", *options, f"https://{url}"],
            capture_output=True, text=True, timeout=60)
        body, _, last = done.stdout.rpartition("\n")
        return done.returncode, last, body

    def subject(self, host="one.localhost"):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.tls_port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname=host) as tls:
                der = tls.getpeercert(True)
        text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject"],
                              input=der, capture_output=True, check=True).stdout.decode()
        return text.strip().rpartition("= ")[2]

    def test_what_a_responder_says_is_stapled(self):
        issuer = Issuer()
        self.addCleanup(issuer.close)
        issuer.issue(self.certificates, "asked", "asked.localhost", 7)
        issuer.start()

        def shown():
            done = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{self.tls_port}", "-servername",
                 "asked.localhost", "-status"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
            return done.stdout.decode()

        wait_until("the responder's answer in the handshake",
                   lambda: "OCSP Response Status: successful" in shown(), 30, every=0.5)
        self.assertIn("Cert Status: good", shown())

    def test_sites_and_platform_are_served_by_both_protocols(self):
        site = f"one.localhost:{self.tls_port}"
        for option, version in (("--http2", "2"), ("--http1.1", "1.1")):
            self.assertEqual(self.curl(site + "/", option),
                             (0, f"{version} 200", "<h1>over TLS</h1>\n"))
            code, last, body = self.curl(site + "/big.bin", option)
            self.assertEqual((code, last, len(body)), (0, f"{version} 200", 3_000_000))
            code, last, body = self.curl(
                f"localhost:{self.tls_port}/api/v1/instance/health", option)
            self.assertEqual((code, last), (0, f"{version} 200"))
            self.assertEqual(json.loads(body)["status"], "ready")
            code, last, body = self.curl(
                f"localhost:{self.tls_port}/api/v1/auth/login", option, "--json",
                json.dumps({"email": "nobody@example.com", "password": "x" * 2000}))
            self.assertEqual(last, f"{version} 401", body)

    def test_nobody_is_served_under_a_name_without_certificate(self):
        code, _, _ = self.curl(f"elsewhere.example:{self.tls_port}/")
        self.assertEqual(code, 35)  # the handshake

    def test_a_renewed_certificate_is_shown_without_a_restart(self):
        edge = self.berth.roles()["edge"]
        certificate(self.certificates, "all", ["localhost", "*.localhost", "one.localhost"],
                    "renewed")
        wait_until("the new certificate", lambda: self.subject() == "renewed", 20)
        # One that does not hold changes nothing, and is said.
        (self.certificates / "all.key").write_text("no key\n")
        wait_until("the complaint", lambda: "its key cannot be read" in self.berth.log_tail(), 20)
        self.assertEqual(self.subject(), "renewed")
        certificate(self.certificates, "all", ["localhost", "*.localhost", "one.localhost"], "third")
        wait_until("the third certificate", lambda: self.subject() == "third", 20)
        self.assertEqual(self.berth.roles()["edge"], edge)

    def test_what_cannot_be_served_is_said_at_the_start(self):
        for options, word in (
                (["--listen-tls", "127.0.0.1:29998"], "--listen-tls: needs --cert and --key"),
                (["--cert", "/nowhere.crt", "--key", "/nowhere.key"], "--listen-tls: is needed"),
                (["--listen-tls", "127.0.0.1:29998", "--cert", "/nowhere.crt"], "go together"),
                (["--listen-tls", "127.0.0.1:29998", "--cert", "/nowhere.crt", "--key", "/n.key"],
                 "/nowhere.crt is not there"),
                (["--listen-tls", "127.0.0.1:29998", "--cert-dir", "/nowhere"],
                 "is not a directory"),
                (["--listen-tls", "nonsense", "--cert-dir", "/tmp"], "--listen-tls: 'nonsense'")):
            done = subprocess.run([BINARY, "config", "check", *options], capture_output=True,
                                  text=True, timeout=30)
            self.assertEqual(done.returncode, 2, (options, done.stderr))
            self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
