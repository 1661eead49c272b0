"""A mail server on the wire: TLS from the first byte, one account, mails kept as they came."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread


@dataclass
class MailServer:
    """``heard`` is every line that a client said, ``mails`` what it delivered."""

    user: str = "mimic"
    password: str = "right"
    port: int = 0
    heard: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)


@contextmanager
def mail_server(context: ssl.SSLContext) -> Iterator[MailServer]:
    """On a free port of loopback, until the block ends."""
    state = MailServer()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 simulator")
            while line := self.rfile.readline().decode().strip():
                state.heard.append(line)
                word = line.split(" ")[0].upper()
                if word == "QUIT":
                    return
                self._answer(word, line)

        def _answer(self, word: str, line: str) -> None:
            if word == "EHLO":
                self._say("250-simulator\r\n250 AUTH PLAIN")
            elif word == "AUTH":
                given = base64.b64decode(line.rpartition(" ")[2]).decode().split("\0")
                right = given[1:] == [state.user, state.password]
                self._say("235 welcome" if right else "535 who are you")
            elif word == "DATA":
                self._say("354 go on")
                lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
                state.mails.append("\n".join(lines))
                self._say("250 taken")
            else:
                self._say("250 fine")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    class Server(ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that does not trust us hangs up; a test's output is for its own words."""

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    state.port = server.server_address[1]
    Thread(target=server.serve_forever, daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()
