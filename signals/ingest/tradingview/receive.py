"""One alert, whichever server it came through: read, authenticate, store, publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from mimic.core.errors import MimicError
from signals.ingest import gate
from signals.ingest.errors import AlertRefused, BodyTooLarge, DoorRefused, StrategyNotActive
from signals.ingest.redaction import without_generated
from signals.ingest.tradingview.alert import sameness, understand
from signals.ingest.tradingview.authenticate import REFUSAL, by_passphrase, by_token, digests
from signals.ingest.tradingview.message import Message, read_message, unread_message
from signals.instruments import is_traded
from signals.models import Strategy
from signals.services.accept import Offer
from signals.services.deliveries import Delivery, Received
from signals.services.inbox import receive_message
from signals.services.publish import SignalDraft
from signals.services.strays import record_stray

DOOR = "tradingview"


@dataclass(frozen=True, slots=True)
class Alert:
    """``body`` may be one byte longer than the limit: enough to know that it is too long.

    ``sender`` is an address as the database takes it, None on a Unix socket.
    """

    token: str
    body: bytes
    content_type: str
    sender: str | None
    at: datetime

    @property
    def too_long(self) -> bool:
        return len(self.body) > settings.SIGNAL_MAX_BYTES

    def read(self) -> Message:
        known = [self.token, settings.WEBHOOK_PASSPHRASE]
        if self.too_long:
            fault = BodyTooLarge(f"an alert has at most {settings.SIGNAL_MAX_BYTES} bytes")
            return unread_message(self.body, fault, known)
        return read_message(self.body, known)

    def delivery(self, message: Message) -> Delivery:
        understood = message.fields is not None and message.fault is None
        return Delivery(
            door=DOOR,
            body=self.body,
            stored_body=message.stored,
            content_type=self.content_type,
            remote_address=self.sender,
            sameness=sameness(message.fields) if message.fields and understood else None,
            received_at=self.at,
        )


def offer_of(alert: Alert) -> Offer | None:
    """What one statement can accept; None when anything is not as it should be.

    What that is :func:`receive` finds out.
    """
    message = alert.read()
    draft, _refusal = _understand(message)
    secrets = digests(alert.token, message)
    if draft is None or secrets is None:
        return None
    if draft.then is not None or draft.leads is not None:
        return None  # two signals, or what the position says: a transaction of its own
    token, passphrase = secrets
    return Offer(token, passphrase, alert.delivery(message), draft)


def receive(alert: Alert) -> Received:
    """The careful way. Raises the :class:`MimicError` that says what is wrong, once it is kept."""
    message = alert.read()
    draft, refusal = _understand(message)
    delivery = alert.delivery(message)
    strategy = _admit(alert.token, message, delivery)
    gate.count_alert(strategy)
    if message.fault is None and strategy.status != Strategy.Status.ACTIVE:
        refusal = StrategyNotActive(f"strategy {strategy.slug} is {strategy.status}")
    received = receive_message(strategy=strategy, delivery=delivery, draft=draft, refusal=refusal)
    if refusal is not None:
        raise refusal
    return received


def _admit(token: str, message: Message, delivery: Delivery) -> Strategy:
    """The strategy that the message speaks for; a stranger's leaves its trace and is refused."""
    try:
        gate.demand_listed(delivery.remote_address)
        return by_token(token, message) if token else by_passphrase(message)
    except DoorRefused as stranger:
        gate.count_failure(delivery.remote_address)
        too_long = message.fault if isinstance(message.fault, BodyTooLarge) else None
        record_stray(
            door=DOOR,
            address=delivery.remote_address,
            excerpt=without_generated(message.stored),
            code=(too_long or stranger).code,
            now=delivery.received_at,
        )
        raise (too_long or DoorRefused(REFUSAL)) from None


def _understand(message: Message) -> tuple[SignalDraft | None, MimicError | None]:
    if message.fields is None or message.fault is not None:
        return None, message.fault
    try:
        return understand(message.fields, is_traded), None
    except AlertRefused as refusal:
        return None, refusal
