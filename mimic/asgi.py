"""ASGI: pages, API and sockets."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mimic.settings")

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402

import mimic.celery  # noqa: E402, F401  (jobs are enqueued through its app)
from accounts.address_gate import guard_addresses  # noqa: E402
from accounts.sign_in_gate import guard_sign_in  # noqa: E402
from mimic.core.body_limit import limit_asgi_body  # noqa: E402
from mimic.core.head_limit import limit_asgi_head  # noqa: E402
from mimic.core.odd_headers import mend_asgi_headers  # noqa: E402
from mimic.web.collector import settle  # noqa: E402
from mimic.web.routing import websocket_application  # noqa: E402

_http = limit_asgi_body(guard_sign_in(django_application))
_router = ProtocolTypeRouter({"http": _http, "websocket": websocket_application})
application = limit_asgi_head(mend_asgi_headers(guard_addresses(_router)))
settle()
