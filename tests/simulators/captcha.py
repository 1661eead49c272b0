"""``siteverify`` of Turnstile and hCaptcha: one shape, answers as told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs


@dataclass
class CaptchaService:
    """``passes`` are the tokens it accepts, each once; ``asked`` is what came, field by field."""

    url: str = ""
    hostname: str = "127.0.0.1"
    status: int = 200
    passes: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)

    def answer(self, given: dict[str, str]) -> dict[str, Any]:
        self.asked.append(given)
        token = given.get("response", "")
        if token not in self.passes:
            return {"success": False, "error-codes": ["invalid-input-response"]}
        self.passes.remove(token)
        return {"success": True, "hostname": self.hostname, "error-codes": []}


@contextmanager
def captcha_service() -> Iterator[CaptchaService]:
    """On a free port, until the block ends."""
    service = CaptchaService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            given = {name: values[0] for name, values in parse_qs(body).items()}
            told = json.dumps(service.answer(given)).encode()
            self.send_response(service.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}/siteverify"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield service
    server.shutdown()
    server.server_close()
    thread.join()
