"""A reader of berth.log.v1 over a WebSocket (RFC 6455, client side, nothing but sockets)."""

import base64
import json
import os
import socket
import struct
import time

LINES, REPLACE, GAP, STATE, END = 1, 2, 3, 4, 5
HEAD = struct.Struct("<BBHIQ")
LINE = struct.Struct("<IBBHI")


class WebSocket:
    def __init__(self, port, target, headers, protocol):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {**headers, "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13",
                  "Sec-WebSocket-Protocol": protocol}
        head = f"GET {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items())
        self.socket.sendall(head.encode() + b"\r\n")
        self.buffer = bytearray()
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        answer, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        self.buffer = bytearray(rest)
        if b" 101 " not in answer.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"no WebSocket: {answer.decode(errors='replace')}")

    def _more(self):
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.buffer += part

    def _take(self, count):
        while len(self.buffer) < count:
            self._more()
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def send(self, payload, opcode=1):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([0x80 | opcode])
        head += bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + struct.pack(">H", size)
        self.socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def read(self):
        """The next whole message; None once the server closed. Pings are answered."""
        message = b""
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size == 126:
                size = struct.unpack(">H", self._take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self._take(8))[0]
            payload = self._take(size)
            opcode = first & 0x0F
            if opcode == 8:
                return None
            if opcode == 9:
                self.send(payload, 10)
            if opcode in (0, 1, 2):
                message += payload
                if first & 0x80:
                    return message

    def close(self):
        self.socket.close()


def log_frames(berth, deployment):
    """Follows a deployment's log to its end; gives (arrival in Unix seconds, frame)."""
    reader = WebSocket(berth.port, f"/api/v1/deployments/{deployment}/log",
                       {"Host": f"localhost:{berth.port}",
                        "Authorization": f"Bearer {berth.token}"}, "berth.log.v1")
    try:
        while (frame := reader.read()) is not None:
            yield time.time(), frame
            reader.send(json.dumps({"type": "ack", "bytes": len(frame)}).encode())
    finally:
        reader.close()


def lines_of(frame):
    """[(number, text)] of a frame of lines; nothing for any other frame."""
    _, kind, _, count, first = HEAD.unpack_from(frame)
    if kind != LINES:
        return []
    found, at = [], HEAD.size
    for number in range(first, first + count):
        size = LINE.unpack_from(frame, at)[4]
        at += LINE.size
        found.append((number, frame[at:at + size]))
        at += size
    return found
