"""What the ingest process is compared with: a WSGI view that does one raw insert, nothing else.

Reads the body, inserts it, commits, answers 202: no Django, no check, no key, no signal. Each of
the server's threads keeps a connection; psycopg prepares the statement, as it does by default.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Any

import psycopg

TABLE = "bench_bare_alert"
MAKE_TABLE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
    "path text NOT NULL, body text NOT NULL, received_at timestamptz NOT NULL DEFAULT now())"
)
INSERT = f"INSERT INTO {TABLE} (path, body) VALUES (%s, %s)"  # noqa: S608 (our own name)
ANSWER = b'{"status": "accepted"}'

_thread = threading.local()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    _connection().execute(INSERT, (environ["PATH_INFO"], body.decode()))
    start_response(
        "202 Accepted",
        [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))],
    )
    return [ANSWER]


def _connection() -> psycopg.Connection[Any]:
    if not hasattr(_thread, "connection"):
        _thread.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    found: psycopg.Connection[Any] = _thread.connection
    return found
