#!/usr/bin/python3
"""A mail server that keeps what it is given: STARTTLS and a password are demanded. One line of JSON per
mail goes to stdout, after a line that says that it listens. Debian's Python has aiosmtpd.

    mail_sink.py PORT CERTIFICATE KEY USER PASSWORD
"""

import json
import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

port, certificate, key, user, password = sys.argv[1:]


class Keep:
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos,
                          "bytes": envelope.content.decode(), "tls": session.ssl is not None,
                          "user": session.auth_data}), flush=True)
        return "250 kept"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login == user.encode() and data.password == password.encode()
    return AuthResult(success=right, auth_data=data.login.decode())


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
sink = Controller(Keep(), hostname="127.0.0.1", port=int(port), tls_context=context, require_starttls=True,
                  auth_required=True, auth_require_tls=True, authenticator=authenticate)
sink.start()
print("listening", flush=True)
signal.sigwait({signal.SIGTERM, signal.SIGINT})
sink.stop()
