"""The door in front of Django, for the ingest process: an alert in order is answered right here.

Making Django's request and response and passing its handler takes as long as all that an alert
needs. Whatever is not plainly in order is Django's, with the same bytes: every refusal, every
answer to a repeated alert and every fault is made in one place, ``views.webhook``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from mimic.core.body_limit import WsgiApp
from mimic.core.network import client_ip_of_environ, storable_address
from mimic.core.redaction import HIDDEN
from mimic.core.request_log import Access
from mimic.core.together import Together
from signals.ingest import gate
from signals.ingest.tradingview.receive import Alert, offer_of
from signals.ingest.tradingview.views import answer
from signals.services.accept import Offer, accept_offers
from signals.services.deliveries import Received

logger = logging.getLogger(__name__)
PREFIX = "/webhook/"
MOST = 32  # alerts in a statement


class Knock(NamedTuple):
    """An alert that is in order, and who sends it."""

    sender: str | None
    offer: Offer


def _take(knocks: Sequence[Knock]) -> Sequence[Received | None]:
    """One round trip to Postgres for all. None is for Django."""
    return gate.try_each(
        [(knock.sender, knock.offer.token) for knock in knocks],
        lambda places: _accept([knocks[place].offer for place in places]),
    )


def _accept(offers: Sequence[Offer]) -> Sequence[Received | None]:
    try:
        return accept_offers(offers)
    except DatabaseError:  # Django tries each again by itself, and answers for it
        logger.warning("alerts not accepted together", exc_info=True)
        return [None] * len(offers)


_together = Together(_take, name="ingest", most=MOST)


def open_door(app: WsgiApp) -> WsgiApp:
    """Wrap the WSGI application; only ``POST /webhook/<token>`` is looked at."""

    def opened(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] == "POST" and path.startswith(PREFIX):
            body = _body(environ)
            if body is not None:
                answered = _answer(environ, path[len(PREFIX) :], body, start_response)
                if answered is not None:
                    return answered
                environ["wsgi.input"] = BytesIO(body)
        return app(environ, start_response)

    return opened


def _body(environ: dict[str, Any]) -> bytes | None:
    """None for one that Django has to measure, or refuse."""
    length = environ.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit() and int(length) <= settings.SIGNAL_MAX_BYTES):
        return None
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _answer(
    environ: dict[str, Any], token: str, body: bytes, start_response: Any
) -> list[bytes] | None:
    """None when it is for Django to say; nothing was written then."""
    access = Access(environ.get("HTTP_X_REQUEST_ID"))
    try:
        address = client_ip_of_environ(environ)
        content_type = (environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
        sender = storable_address(address)
        offer = offer_of(Alert(token, body, content_type, sender, timezone.now()))
        if offer is None:
            return None
        received = _together.do(Knock(sender, offer))
        if received is None:
            return None
        content = json.dumps(answer(received)).encode()
        access.write_line(
            method="POST", path=f"{PREFIX}{HIDDEN}", status=202, address=address, user_id=None
        )
    finally:
        access.end()
    start_response(
        "202 Accepted",
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(content))),
            ("X-Request-Id", access.request_id),
        ],
    )
    return [content]
