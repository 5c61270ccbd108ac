"""What every server of `script/bench edge` serves: a page, a script, a page for what is not there; and a
certificate."""

import gzip
import random
import shutil
import subprocess
import tempfile
from pathlib import Path

PAGE = ("<!doctype html><title>Bench</title>" + "<p>three and a half kilobytes</p>" * 200)[:3584]
NOT_FOUND = "<!doctype html><title>Not found</title><p>There is nothing here."
SCRIPT_PATH = "assets/app-4f2a9c1b.js"
SCRIPT_BYTES = 102_400


def script():
    """Words in an order that gzip makes a third of."""
    some = random.Random(1)
    words = ["const", "return", "function", "value", "index", "=>", "{", "}", "(", ")", ";"]
    text = ""
    while len(text) < SCRIPT_BYTES:
        text += f"{some.choice(words)} {some.choice(words)}{some.randrange(1000)} "
    return text[:SCRIPT_BYTES]


def files():
    return {"index.html": PAGE, "404.html": NOT_FOUND, SCRIPT_PATH: script()}


class Content:
    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="berth-bench-site-"))
        self.dir.chmod(0o755)
        self.site = self.dir / "site"
        for name, text in files().items():
            path = self.site / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            if name.endswith(".js"):
                Path(f"{path}.gz").write_bytes(gzip.compress(text.encode(), 6))
        self.cert, self.key = self.dir / "cert.pem", self.dir / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.key, "-out", self.cert,
                        "-days", "30", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,DNS:*.localhost"], check=True, capture_output=True)
        self.key.chmod(0o600)

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)
