"""Whose alert is it? By the path's token, or by the passphrase in the body."""

from __future__ import annotations

from django.conf import settings

from mimic.core.tokens import digest_of, same_secret
from signals.ingest.errors import DoorRefused
from signals.ingest.tradingview.message import Fields
from signals.models import Strategy

REFUSAL = "unknown token or wrong passphrase"


def by_token(token: str, fields: Fields | None) -> Strategy:
    """The token's strategy. One that has a passphrase wants it as well, if the body is readable.

    Raises :class:`DoorRefused`, the same whatever was wrong.
    """
    strategy = Strategy.objects.filter(token_digest=digest_of(token)).first()
    if strategy is None or not _passphrase_fits(strategy, fields):
        raise DoorRefused(REFUSAL)
    return strategy


def by_passphrase(fields: Fields) -> Strategy:
    """The platform's passphrase with a named strategy, or a strategy's own passphrase.

    Raises :class:`DoorRefused`, the same whatever was wrong.
    """
    passphrase = fields.get("passphrase", "")
    if same_secret(passphrase, settings.WEBHOOK_PASSPHRASE):
        strategy = Strategy.objects.filter(slug=fields.get("strategy", "")).first()
    elif passphrase:
        strategy = Strategy.objects.filter(passphrase_digest=digest_of(passphrase)).first()
    else:
        strategy = None
    if strategy is None:
        raise DoorRefused(REFUSAL)
    return strategy


def _passphrase_fits(strategy: Strategy, fields: Fields | None) -> bool:
    if strategy.passphrase_digest is None or fields is None:
        return True
    return same_secret(
        digest_of(fields.get("passphrase", "")).hex(), bytes(strategy.passphrase_digest).hex()
    )
