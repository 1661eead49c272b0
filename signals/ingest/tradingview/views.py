"""``POST /webhook`` and ``POST /webhook/<token>``: authenticate, read, store, answer; then work."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from mimic.core.errors import MimicError
from mimic.core.network import client_ip, storable_address
from mimic.ops.metrics import signals_posted
from signals.ingest import gate
from signals.ingest.errors import AlertUnreadable
from signals.ingest.tradingview.receive import Alert, offer_of, receive
from signals.services.accept import accept_offers
from signals.services.deliveries import Received


@csrf_exempt  # authenticated by a secret in the path or body; no cookie is read
@require_POST
def webhook(request: HttpRequest, token: str = "") -> JsonResponse:
    """One alert. 202 with the signal's id, 200 for one that came before, 4xx with the reason."""
    try:
        received = _take(_alert(request, token))
    except MimicError as refusal:
        signals_posted.labels("refused", refusal.code).inc()
        raise
    return JsonResponse(answer(received), status=200 if received.duplicate else 202)


def _take(alert: Alert) -> Received:
    """The short way, one statement, for what is in order; else the careful one."""
    offer = offer_of(alert)
    if offer is not None:
        (received,) = gate.try_each(
            [(alert.sender, offer.token)], lambda _places: accept_offers([offer])
        )
        if received is not None:
            return received
    return receive(alert)


def answer(received: Received) -> dict[str, Any]:
    """What the sender is told; counted as answered."""
    status = "duplicate" if received.duplicate else "accepted"
    signals_posted.labels(status, "").inc()
    told = {
        "status": status,
        "message_id": received.message_id,
        "signal_id": received.signal_id,
    }
    return told | ({"signal_ids": received.signal_ids} if received.signal_ids else {})


def _alert(request: HttpRequest, token: str) -> Alert:
    try:
        body = request.read(settings.SIGNAL_MAX_BYTES + 1)
    except (UnreadablePostError, RawPostDataException):
        raise AlertUnreadable("the body broke off") from None
    address = storable_address(client_ip(request))
    return Alert(token, body, request.content_type or "", address, timezone.now())
