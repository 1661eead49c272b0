"""Whose alert is it? By the path's token, or by the passphrase in the body."""

from __future__ import annotations

from django.conf import settings

from mimic.core.tokens import digest_of, same_secret
from signals.ingest.errors import DoorRefused
from signals.ingest.tradingview.message import Message
from signals.ingest.tradingview.names import PASSPHRASE, STRATEGY
from signals.models import Strategy
from signals.storable import is_storable

REFUSAL = "unknown token or wrong passphrase"


def digests(token: str, message: Message) -> tuple[bytes, bytes] | None:
    """What a token's strategy is looked up by, with its passphrase; None without a token."""
    if not token or not is_storable(token):
        return None
    return digest_of(token), digest_of(_said(message, PASSPHRASE))


def by_token(token: str, message: Message) -> Strategy:
    """The token's strategy. One that has a passphrase wants it as well, if the body is readable.

    Raises :class:`DoorRefused`, the same whatever was wrong.
    """
    strategy = None
    if is_storable(token):
        strategy = Strategy.objects.filter(token_digest=digest_of(token)).first()
    if strategy is None or not _passphrase_fits(strategy, message):
        raise DoorRefused(REFUSAL)
    return strategy


def by_passphrase(message: Message) -> Strategy:
    """The platform's passphrase with a named strategy, or a strategy's own passphrase.

    Raises :class:`DoorRefused`, the same whatever was wrong.
    """
    strategy = None
    passphrase, slug = _said(message, PASSPHRASE), _said(message, STRATEGY)
    if same_secret(passphrase, settings.WEBHOOK_PASSPHRASE):
        strategy = Strategy.objects.filter(slug=slug).first()
    elif passphrase:
        strategy = Strategy.objects.filter(passphrase_digest=digest_of(passphrase)).first()
    if strategy is None:
        raise DoorRefused(REFUSAL)
    return strategy


def _passphrase_fits(strategy: Strategy, message: Message) -> bool:
    if strategy.passphrase_digest is None or message.fields is None:
        return True
    return same_secret(
        digest_of(_said(message, PASSPHRASE)).hex(), bytes(strategy.passphrase_digest).hex()
    )


def _said(message: Message, name: str) -> str:
    """What has no bytes, or what the database cannot be asked for, is nobody's secret or name."""
    text = message.said(name)
    return text if is_storable(text) else ""
