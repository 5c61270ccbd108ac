#!/usr/bin/env python3
"""The network around a launcher in tests: whoever connects is told "here", wherever they think they
are, and written down. usage: world.py LOG PORT… ; UDP port 53 answers DNS with what ANSWERS says."""

import socket
import struct
import sys
import threading

METADATA = "169.254.169.254"
PUBLIC = "203.0.113.10"
# Name → the addresses given, one a question, the last one for ever after.
ANSWERS = {
    "public.test": [PUBLIC],
    "rebind.test": [PUBLIC, METADATA],  # and everything below it, each by its own count
    "metadata.test": [METADATA],
    "metadata.google.internal": [METADATA],
    "router.test": ["192.168.1.1"],
    "loopback.test": ["127.0.0.1"],
    "nothing.test": ["0.0.0.0"],
    "host.test": ["198.51.100.1"],
    "alias.test": ["10.0.0.1"],
    "sixth.test": ["fd00:ec2::254", "::ffff:169.254.169.254"],
}

log = open(sys.argv[1], "a", buffering=1)


def say(*words):
    print(*words, file=log)


def serve(guest):
    with guest:
        guest.settimeout(5)
        say("tcp", *guest.getsockname()[:2])
        try:
            words = guest.recv(4096).decode(errors="replace").split(" ")
            path = words[1] if len(words) > 1 else "/"
            if path.startswith("/to?"):
                head = f"HTTP/1.0 302 Found\r\nLocation: {path[4:]}\r\n"
                guest.sendall((head + "Content-Length: 5\r\n\r\nmoved").encode())
            else:
                guest.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nhere")
        except OSError:
            pass


def listen(port):
    door = socket.create_server(("0.0.0.0", port), backlog=64)
    while True:
        threading.Thread(target=serve, args=(door.accept()[0],), daemon=True).start()


def answer(question, asked):
    """One DNS message: the question back, with an address record if there is one."""
    at, labels = 12, []
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    at += 5
    kind = struct.unpack("!H", question[at - 4:at - 2])[0]
    name = ".".join(labels).lower()
    family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
    known = ANSWERS.get("rebind.test" if name.endswith(".rebind.test") else name)
    given = [text for text in known or [] if (":" in text) == (kind == 28)]
    count = asked[name, kind] = asked.get((name, kind), 0) + 1
    records = b""
    if family and given:
        packed = socket.inet_pton(family, given[min(count, len(given)) - 1])
        records = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(packed)) + packed
    state = 0x8180 if known else 0x8183
    return question[:2] + struct.pack("!HHHHH", state, 1, 1 if records else 0, 0, 0) + \
        question[12:at] + records


def resolve():
    door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    door.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO: which of all addresses was meant
    door.bind(("0.0.0.0", 53))
    asked = {}
    while True:
        question, extra, _, guest = door.recvmsg(512, 256)
        place = socket.inet_ntoa(extra[0][2][8:12])
        say("udp", place, 53)
        try:
            reply = answer(question, asked)
        except (IndexError, struct.error, UnicodeDecodeError):
            continue
        door.sendmsg([reply], [(socket.IPPROTO_IP, 8, struct.pack("=I4s4s", 0, extra[0][2][8:12],
                                                                   b"\0" * 4))], 0, guest)


for number in sys.argv[2:]:
    threading.Thread(target=listen, args=(int(number),), daemon=True).start()
threading.Thread(target=resolve, daemon=True).start()
while True:  # ends with whoever started it
    try:
        with socket.create_connection(("127.0.0.1", int(sys.argv[2])), 1):
            break
    except OSError:
        pass
say("ready")
threading.Event().wait()
