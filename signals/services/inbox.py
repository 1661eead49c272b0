"""The inbox: store what came, once, with its verdict; a valid one becomes a signal at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from mimic.core.errors import MimicError
from mimic.core.ids import uuid7
from signals.models import InboxMessage, Signal, Strategy, Verdict
from signals.services.publish import SignalDraft, publish_signal
from signals.storable import storable

SAME_BODY_WINDOW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One authenticated message. ``sameness`` None: only the body tells it from another."""

    door: str
    strategy: Strategy
    body: bytes
    stored_body: str
    content_type: str
    remote_address: str | None
    sameness: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Received:
    """The message as stored, the signal it became, and whether it had come before.

    A message that came before may have left with its month; its key and its signal stay.
    """

    message: InboxMessage | None
    signal: Signal | None
    duplicate: bool


@transaction.atomic(durable=True)
def receive_message(
    *, delivery: Delivery, draft: SignalDraft | None, refusal: MimicError | None
) -> Received:
    """Command: keep the delivery; publish ``draft``, or record why not.

    Exactly one of ``draft`` and ``refusal`` is given. A delivery seen before changes nothing but
    the first one's count, and the first one's result is the answer.
    """
    message = InboxMessage(
        public_id=uuid7(),
        strategy=delivery.strategy,
        door=delivery.door,
        body=storable(delivery.stored_body),
        content_type=storable(delivery.content_type)[:80],
        remote_address=delivery.remote_address,
        verdict=Verdict.ACCEPTED if refusal is None else Verdict.REFUSED,
        code="" if refusal is None else refusal.code,
        reason="" if refusal is None else storable(refusal.detail),
        parse=draft.as_json() if draft else None,
        received_at=delivery.received_at,
    )
    message.pk = _next_id()
    if not _claim_key(delivery, message.pk, refused=refusal is not None):
        return _seen_before(delivery)
    message.save(force_insert=True)
    signal = None
    if draft is not None:
        signal = publish_signal(
            strategy=delivery.strategy,
            draft=draft,
            inbox_message_id=message.pk,
            now=delivery.received_at,
        )
    return Received(message, signal, duplicate=False)


def _digest(delivery: Delivery) -> bytes:
    told_apart_by = delivery.sameness.encode() if delivery.sameness else delivery.body
    head = f"{delivery.door}\n{delivery.strategy.pk}\n{bool(delivery.sameness)}\n".encode()
    return hashlib.sha256(head + told_apart_by).digest()


def _claim_key(delivery: Delivery, message_id: int, *, refused: bool) -> bool:
    """Take a new key, an expired one, or a refused message's; claimers wait for each other."""
    expires = None if delivery.sameness else delivery.received_at + SAME_BODY_WINDOW
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO signals_inboxkey AS k (digest, message_id, refused, expires_at) "
            "VALUES (%s, %s, %s, %s) ON CONFLICT (digest) DO UPDATE SET "
            "message_id = excluded.message_id, refused = excluded.refused, "
            "expires_at = excluded.expires_at WHERE k.expires_at <= %s "
            "OR (k.refused AND NOT excluded.refused) RETURNING message_id",
            [_digest(delivery), message_id, refused, expires, delivery.received_at],
        )
        return cursor.fetchone() is not None


def _seen_before(delivery: Delivery) -> Received:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT message_id FROM signals_inboxkey WHERE digest = %s", [_digest(delivery)]
        )
        (first_id,) = cursor.fetchone()
    InboxMessage.objects.filter(pk=first_id).update(duplicates=F("duplicates") + 1)
    message = InboxMessage.objects.filter(pk=first_id).first()
    signal = Signal.objects.filter(inbox_message_id=first_id).first()
    return Received(message, signal, duplicate=True)


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT mimic_time_id()")
        return int(cursor.fetchone()[0])
