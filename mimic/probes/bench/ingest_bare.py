"""What the ingest process is compared with: a bare Django view that does one raw insert.

Reads the body, inserts it, commits, answers 202: no middleware, no check, no key, no signal; the
connection is kept. (shared facts, performance: "a bare view with one raw insert".)
"""

from __future__ import annotations

import os

import environ
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

TABLE = "bench_bare_alert"
MAKE_TABLE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
    "path text NOT NULL, body text NOT NULL, received_at timestamptz NOT NULL DEFAULT now())"
)
INSERT = f"INSERT INTO {TABLE} (path, body) VALUES (%s, %s)"  # noqa: S608  # nosec B608  # our own name
ANSWER = b'{"status": "accepted"}'


def alert(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [request.path, request.body.decode()])
    headers = {"Content-Length": str(len(ANSWER))}
    return HttpResponse(ANSWER, "application/json", 202, headers=headers)


urlpatterns = [path("bare", alert)]

if not settings.configured:  # the server's own process; the measuring one only wants the names
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={
            "default": {
                **environ.Env.db_url_config(os.environ["DATABASE_URL"]),
                "CONN_MAX_AGE": None,
            }
        },
        MIDDLEWARE=[],
        ROOT_URLCONF=__name__,
    )
    application = get_wsgi_application()
