"""WSGI: the ingest process. It serves the whole project, and is sent only webhooks."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mimic.settings")

django_application = get_wsgi_application()

import mimic.celery  # noqa: E402, F401  (jobs are enqueued through its app)
from mimic.core.body_limit import limit_wsgi_body  # noqa: E402
from mimic.core.odd_headers import mend_wsgi_headers  # noqa: E402
from signals.ingest.tradingview.wsgi import open_door  # noqa: E402

application = open_door(mend_wsgi_headers(limit_wsgi_body(django_application)))
