"""Knocks at every internal target there is a way to write, as programs of a build would, and says for
each whether somebody answered. Runs inside sandboxes, and outside of one to show that somebody is
there. usage: knock.py"""

import os
import socket
import urllib.request

LOOPBACK = """127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0177.0.0.1 017700000001 0x7f.1 127.0.0.2
127.255.255.254 localhost 0.0.0.0 0 ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::127.0.0.1 :: 0:0:0:0:0:0:0:1
loopback.test nothing.test"""
METADATA = """169.254.169.254 169.254.169.253 169.254.170.2 169.254.170.23 2852039166 0xa9fea9fe
0251.0376.0251.0376 169.254.43518 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::169.254.169.254
fd00:ec2::254 fd00:ec2::253 fd20:ce::254 100.100.100.200 168.63.129.16 192.0.0.192 192.0.0.170
metadata.test metadata.google.internal sixth.test"""
PRIVATE = """10.0.0.1 10.255.255.254 10.0.2.2 10.0.2.3 10.213.71.1 10.213.71.2 10.213.71.3 10.213.71.100
172.16.0.1 172.17.0.1 172.31.255.254 192.168.0.1 192.168.1.1 192.168.65.2 192.168.255.254 100.64.0.1
100.127.255.254 198.18.0.1 198.19.255.254 0.1.2.3 240.0.0.1 255.255.255.254 router.test alias.test"""
LINK = """169.254.0.1 169.254.1.1 fe80::1 fe80::1%tap0 fc00::1 fd12:3456::1 fec0::1"""
MANY = """255.255.255.255 10.255.255.255 224.0.0.1 224.0.0.251 239.255.255.250 ff02::1 ff05::2"""
TRANSLATED = """64:ff9b::a9fe:a9fe 64:ff9b::7f00:1 64:ff9b:1::a00:1 2002:7f00:1:: 2002:a9fe:a9fe::
2001:0:a9fe:a9fe:: ::ffff:0:10.0.0.1 ::ffff:10.0.0.1 ::ffff:192.168.1.1"""
# The machine itself: its address to the world, another one, one on its loopback interface.
OWN = """198.51.100.1 10.77.0.1 192.0.2.77 ::ffff:198.51.100.1 3325256705 host.test"""
REDIRECTS = ["http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://2852039166/",
             "http://[::ffff:169.254.169.254]/", "http://10.0.0.1/", "http://192.168.1.1/",
             "http://198.51.100.1/", "http://metadata.test/", "http://[::1]/", "http://0/"]
PUBLIC = ["203.0.113.10", "public.test"]


def greeted(family, place, seconds=1.5):
    with socket.socket(family, socket.SOCK_STREAM) as line:
        line.settimeout(seconds)
        line.connect(place)
        line.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return b"here" in line.recv(4096)


def knock(host, port):
    """"reached", or why not."""
    why = "no address"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return f"no address: {error}"
    for family, _, _, _, place in found:
        try:
            if greeted(family, place):
                return "reached"
            why = "connected"
        except OSError as error:
            why = str(error)
    return why


def redirected(target):
    try:
        with urllib.request.urlopen(f"http://{PUBLIC[0]}/to?{target}", timeout=3) as page:
            return "reached" if page.url != f"http://{PUBLIC[0]}/" and page.read() == b"here" else "?"
    except OSError as error:
        return str(error)


def asked(place):
    """By UDP: a question that nobody but the resolver may be asked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(0.4)
        try:
            line.sendto(b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\6public\4test\0\0\1\0\1", place)
            line.recv(512)
            return "reached"
        except OSError as error:
            return str(error)


def say(kind, name, result):
    print(kind, name, result.replace("\n", " "), flush=True)


for text in PUBLIC:
    say("public", text, knock(text, 80))
for group in (LOOPBACK, METADATA, PRIVATE, LINK, MANY, TRANSLATED, OWN):
    for text in group.split():
        say("internal", text, knock(text, 80))
for text in OWN.split() + ["127.0.0.1", "10.213.71.2"]:
    say("internal", text + "|berth", knock(text, 8080))
for text in REDIRECTS:
    say("internal", "redirect|" + text, redirected(text))
for text in ("169.254.169.254", "10.0.0.1", "203.0.113.10", "198.51.100.1", "10.213.71.2"):
    say("internal", "dns|" + text, asked((text, 53)))
say("internal", "mail|203.0.113.10", knock("203.0.113.10", 25))
rebinding = f"{os.urandom(4).hex()}.rebind.test"
say("rebinding", "first", knock(rebinding, 80))
for time in range(3):
    say("internal", f"rebinding-{time}", knock(rebinding, 80))
