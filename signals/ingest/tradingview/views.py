"""``POST /webhook`` and ``POST /webhook/<token>``: authenticate, read, store, answer; then work."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from mimic.core.errors import MimicError
from mimic.core.network import client_ip
from mimic.ops.metrics import signals_posted
from signals.ingest.errors import (
    AlertRefused,
    AlertUnreadable,
    BodyTooLarge,
    DoorRefused,
    StrategyNotActive,
)
from signals.ingest.tradingview.alert import sameness, understand
from signals.ingest.tradingview.authenticate import by_passphrase, by_token
from signals.ingest.tradingview.message import Fields, read_fields, redacted
from signals.instruments import is_traded
from signals.models import Strategy
from signals.services.inbox import Delivery, Received, receive_message
from signals.services.publish import SignalDraft
from signals.services.strays import record_stray

DOOR = "tradingview"


@csrf_exempt  # authenticated by a secret in the path or body; no cookie is read
@require_POST
def webhook(request: HttpRequest, token: str = "") -> JsonResponse:
    """One alert. 202 with the signal's id, 200 for one that came before, 4xx with the reason."""
    now = timezone.now()
    try:
        received = _receive(request, token, now)
    except MimicError as refusal:
        signals_posted.labels("refused", refusal.code).inc()
        raise
    signals_posted.labels("duplicate" if received.duplicate else "accepted", "").inc()
    return _answer(received)


def _receive(request: HttpRequest, token: str, now: datetime) -> Received:
    body = _body(request)
    fields, unreadable = _fields(body)
    address = client_ip(request)
    try:
        strategy = by_token(token, fields) if token else by_passphrase(fields or {})
    except DoorRefused as stray:
        record_stray(door=DOOR, address=address, excerpt=redacted(body), code=stray.code, now=now)
        raise
    draft, refusal = _understand(strategy, fields, unreadable)
    delivery = Delivery(
        door=DOOR,
        strategy=strategy,
        body=body,
        stored_body=redacted(body),
        content_type=request.content_type or "",
        remote_address=address,
        sameness=sameness(fields) if fields else None,
        received_at=now,
    )
    received = receive_message(delivery=delivery, draft=draft, refusal=refusal)
    if refusal is not None:
        raise refusal
    return received


def _body(request: HttpRequest) -> bytes:
    limit: int = settings.SIGNAL_MAX_BYTES
    too_large = BodyTooLarge(f"an alert has at most {limit} bytes")
    if _announced_length(request) > limit:
        raise too_large
    try:
        body = request.read(limit + 1)
    except (UnreadablePostError, RawPostDataException):
        raise AlertUnreadable("the body broke off") from None
    if len(body) > limit:
        raise too_large
    return body


def _announced_length(request: HttpRequest) -> int:
    """What the sender says; a server refuses lies, and the reading below counts for itself."""
    text = request.headers.get("Content-Length") or "0"
    return int(text) if text.isdecimal() and len(text) < 20 else 0


def _fields(body: bytes) -> tuple[Fields | None, AlertUnreadable | None]:
    try:
        return read_fields(body), None
    except AlertUnreadable as fault:
        return None, fault


def _understand(
    strategy: Strategy, fields: Fields | None, unreadable: AlertUnreadable | None
) -> tuple[SignalDraft | None, AlertRefused | None]:
    if fields is None:
        return None, unreadable
    if strategy.status != Strategy.Status.ACTIVE:
        return None, StrategyNotActive(f"strategy {strategy.slug} is {strategy.status}")
    try:
        return understand(fields, is_traded), None
    except AlertRefused as refusal:
        return None, refusal


def _answer(received: Received) -> JsonResponse:
    body = {
        "status": "duplicate" if received.duplicate else "accepted",
        "message_id": str(received.message.public_id),
        "signal_id": str(received.signal.public_id) if received.signal else None,
    }
    return JsonResponse(body, status=200 if received.duplicate else 202)
