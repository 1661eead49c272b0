"""HashiCorp Vault on loopback, as far as reading a KV version 2 secret goes.

Answers after developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 ("Read secret version") and
the error bodies of /api-docs#http-status-codes.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Vault:
    """``secrets`` by path below /v1; ``faults`` are (status, body) that come before answers."""

    token = "hvs.CAESIroot"

    def __init__(self) -> None:
        self.secrets: dict[str, dict[str, str]] = {}
        self.faults: list[tuple[int, bytes]] = []
        self.asked: list[str] = []
        self.address = ""

    def answer(self, path: str, token: str | None) -> tuple[int, bytes]:
        self.asked.append(path)
        if self.faults:
            return self.faults.pop(0)
        if token != self.token:
            return 403, b'{"errors":["permission denied"]}'
        found = self.secrets.get(path.removeprefix("/v1/"))
        if found is None:
            return 404, b'{"errors":[]}'
        metadata = {"created_time": "2026-11-21T10:00:00Z", "destroyed": False, "version": 1}
        body = {
            "request_id": "1", "lease_id": "", "renewable": False, "lease_duration": 0,
            "data": {"data": found, "metadata": metadata},
        }  # fmt: skip
        return 200, json.dumps(body).encode()

    @contextmanager
    def running(self) -> Iterator[Vault]:
        vault = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = vault.answer(self.path, self.headers.get("X-Vault-Token"))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """A test's output is for its own words."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
