"""The inbox, the careful way: a message for a known strategy is taken, refused or repeated."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import F

from mimic.core.errors import MimicError
from mimic.core.ids import uuid7
from signals.models import InboxMessage, Signal, Strategy, Verdict
from signals.services.accept import accept_for
from signals.services.deliveries import Delivery, Received
from signals.services.publish import SignalDraft, publish_signal
from signals.services.stances import in_its_light
from signals.storable import storable


def receive_message(
    *,
    strategy: Strategy,
    delivery: Delivery,
    draft: SignalDraft | None,
    refusal: MimicError | None,
    publish: bool = True,
) -> Received:
    """Command: keep the delivery; publish ``draft``, or record why not.

    One of ``draft`` and ``refusal`` is given; a refusal goes first. Unless ``publish`` the
    signal is written and nobody gets it. A delivery seen before changes nothing but the first one's
    count, and the first one's result is the answer.
    """
    if refusal is not None:
        received = _refuse(strategy, delivery, refusal)
    else:
        assert draft is not None  # what cannot be understood is refused
        received = _take(strategy, delivery, draft, publish)
    return received or _seen_before(strategy, delivery)


@transaction.atomic(durable=True)
def _take(
    strategy: Strategy, delivery: Delivery, draft: SignalDraft, publish: bool
) -> Received | None:
    """One signal, or both halves of a reversal in one transaction.

    What the draft means in the light of the strategy's position is settled under its lock.
    """
    held = Strategy.objects.select_for_update(of=("self",), no_key=True).get(pk=strategy.pk)
    draft = in_its_light(draft, strategy=held)
    received = accept_for(
        strategy_id=strategy.pk, delivery=delivery, draft=draft, published=publish
    )
    if received is None or received.signal_id is None or draft.then is None:
        return received
    close = Signal.objects.get(public_id=received.signal_id)
    opened = publish_signal(
        strategy=strategy,
        draft=draft.then,
        inbox_message_id=close.inbox_message_id or 0,
        now=delivery.received_at,
        after=close.pk,
        published=publish,
    )
    ids = (str(close.public_id), str(Signal.objects.get(pk=opened).public_id))
    return Received(received.message_id, ids[-1], duplicate=False, signal_ids=ids)


@transaction.atomic(durable=True)
def _refuse(strategy: Strategy, delivery: Delivery, refusal: MimicError) -> Received | None:
    message = InboxMessage(
        public_id=uuid7(),
        strategy=strategy,
        door=delivery.door,
        body=storable(delivery.stored_body),
        content_type=storable(delivery.content_type)[:80],
        remote_address=delivery.remote_address,
        verdict=Verdict.REFUSED,
        code=refusal.code,
        reason=storable(refusal.detail),
        received_at=delivery.received_at,
    )
    message.pk = _next_id()
    if not _claim_key(strategy, delivery, message.pk):
        return None
    message.save(force_insert=True)
    return Received(str(message.public_id), None, duplicate=False)


def _claim_key(strategy: Strategy, delivery: Delivery, message_id: int) -> bool:
    """Take a new key or an expired one for a refused message; claimers wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO signals_inboxkey AS k (digest, message_id, refused, expires_at) "
            "VALUES (%s, %s, true, %s) ON CONFLICT (digest) DO UPDATE SET "
            "message_id = excluded.message_id, refused = true, expires_at = excluded.expires_at "
            "WHERE k.expires_at <= %s RETURNING message_id",
            [
                delivery.key_of(strategy.pk),
                message_id,
                delivery.key_expires_at,
                delivery.received_at,
            ],
        )
        return cursor.fetchone() is not None


@transaction.atomic(durable=True)
def _seen_before(strategy: Strategy, delivery: Delivery) -> Received:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT message_id FROM signals_inboxkey WHERE digest = %s",
            [delivery.key_of(strategy.pk)],
        )
        (first_id,) = cursor.fetchone()
    first = InboxMessage.objects.filter(pk=first_id)
    first.update(duplicates=F("duplicates") + 1)
    signals = Signal.objects.filter(inbox_message_id=first_id).order_by("pk")
    ids = tuple(str(public_id) for public_id in signals.values_list("public_id", flat=True))
    return Received(
        _public_id(first.values_list("public_id", flat=True).first()),
        ids[-1] if ids else None,
        duplicate=True,
        signal_ids=ids if len(ids) > 1 else (),
    )


def _public_id(found: object) -> str | None:
    return None if found is None else str(found)


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT mimic_time_id()")
        return int(cursor.fetchone()[0])
