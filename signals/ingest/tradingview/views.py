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
from signals.ingest.redaction import without_generated
from signals.ingest.tradingview.alert import sameness, understand
from signals.ingest.tradingview.authenticate import by_passphrase, by_token
from signals.ingest.tradingview.message import Message, read_message, unread_message
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
    body, message = _message(request, [token, settings.WEBHOOK_PASSPHRASE])
    address = _sender(request)
    strategy = _admit(token, message, address, now)
    draft, refusal = _understand(strategy, message)
    delivery = Delivery(
        door=DOOR,
        strategy=strategy,
        body=body,
        stored_body=message.stored,
        content_type=request.content_type or "",
        remote_address=address,
        sameness=sameness(message.fields) if message.fields and not message.fault else None,
        received_at=now,
    )
    received = receive_message(delivery=delivery, draft=draft, refusal=refusal)
    if refusal is not None:
        raise refusal
    return received


def _message(request: HttpRequest, known: list[str]) -> tuple[bytes, Message]:
    limit: int = settings.SIGNAL_MAX_BYTES
    try:
        body = request.read(limit + 1)
    except (UnreadablePostError, RawPostDataException):
        raise AlertUnreadable("the body broke off") from None
    if len(body) > limit:
        fault = BodyTooLarge(f"an alert has at most {limit} bytes")
        return body, unread_message(body, fault, known)
    return body, read_message(body, known)


def _sender(request: HttpRequest) -> str | None:
    """An address as the database takes it: none on a Unix socket, without an IPv6 zone."""
    return client_ip(request).partition("%")[0] or None


def _admit(token: str, message: Message, address: str | None, now: datetime) -> Strategy:
    """The strategy that the message speaks for; a stranger's leaves its trace and is refused."""
    try:
        return by_token(token, message) if token else by_passphrase(message)
    except DoorRefused as stranger:
        refusal = message.fault if isinstance(message.fault, BodyTooLarge) else stranger
        excerpt = without_generated(message.stored)
        record_stray(door=DOOR, address=address, excerpt=excerpt, code=refusal.code, now=now)
        raise refusal from None


def _understand(
    strategy: Strategy, message: Message
) -> tuple[SignalDraft | None, MimicError | None]:
    if message.fields is None or message.fault is not None:
        return None, message.fault
    if strategy.status != Strategy.Status.ACTIVE:
        return None, StrategyNotActive(f"strategy {strategy.slug} is {strategy.status}")
    try:
        return understand(message.fields, is_traded), None
    except AlertRefused as refusal:
        return None, refusal


def _answer(received: Received) -> JsonResponse:
    body = {
        "status": "duplicate" if received.duplicate else "accepted",
        "message_id": str(received.message.public_id) if received.message else None,
        "signal_id": str(received.signal.public_id) if received.signal else None,
    }
    return JsonResponse(body, status=200 if received.duplicate else 202)
