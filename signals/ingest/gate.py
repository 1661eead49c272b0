"""How often a door may be knocked at, and from where.

A strategy's alerts are counted by its token: 30 in three minutes. TradingView sends everybody's
from four addresses and never repeats what got a 429, so an address is held to nothing for alerts
that are authenticated; only its failures count, and they cost the failing ones alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.conf import settings

from mimic.core.errors import TooManyRequests
from mimic.core.limits import Ask, Limit, Mode, judge, judge_each
from mimic.core.network import neighbourhood, parse_address, within
from mimic.ops.metrics import ratelimit_block
from signals.ingest.errors import AddressNotListed, TooManyAlerts, TooManyFailures
from signals.models import Strategy

_WINDOW_SECONDS: Final = 180
_FAILURES: Final = Limit("door-failures", most=30, seconds=_WINDOW_SECONDS, alone=30)


Knock = tuple[str | None, bytes]
"""Who sends an alert, and the digest of the token that it shows."""


def passes_each(knocks: Sequence[Knock]) -> list[bool]:
    """Count alerts that are in order, before it is known whose they are; one round trip.

    False, and not counted, where there is something to say against one: the careful way says it.
    Tokens of senders who fail too often are not counted here, lest their inventions fill Redis.
    """
    listed = [_is_listed(sender) for sender, _token in knocks]
    asked = [
        [Ask(_FAILURES, _origin(sender), Mode.LOOK), _alerts(token.hex())]
        for (sender, token), fits in zip(knocks, listed, strict=True)
        if fits
    ]
    judged = iter(judge_each(asked) if asked else [])
    return [fits and all(each.allowed for each in next(judged)) for fits in listed]


def passes(sender: str | None, token_digest: bytes) -> bool:
    """The same for one alert."""
    (fits,) = passes_each([(sender, token_digest)])
    return fits


def count_alert(strategy: Strategy) -> None:
    """Count an alert of this strategy. Raises :class:`TooManyAlerts`."""
    digest = strategy.token_digest
    (standing,) = judge([_alerts(f"strategy:{strategy.pk}" if digest is None else digest.hex())])
    if not standing.allowed:
        raise _blocked(TooManyAlerts(retry_after=standing.wait_seconds), standing.limit)


def count_failure(sender: str | None) -> None:
    """Count a message that authenticates as nothing. Raises :class:`TooManyFailures`."""
    (standing,) = judge([Ask(_FAILURES, _origin(sender))])
    if not standing.allowed:
        raise _blocked(TooManyFailures(retry_after=standing.wait_seconds), standing.limit)


def demand_listed(sender: str | None) -> None:
    """Raises :class:`AddressNotListed` for an address outside WEBHOOK_IPS, if there is a list."""
    if not _is_listed(sender):
        raise AddressNotListed


def _is_listed(sender: str | None) -> bool:
    listed = settings.WEBHOOK_NETWORKS
    return not listed or within(parse_address(sender or ""), listed)


def _alerts(subject: str) -> Ask:
    most = settings.WEBHOOK_ALERTS
    return Ask(Limit("alerts", most=most, seconds=_WINDOW_SECONDS, alone=most), subject)


def _origin(sender: str | None) -> str:
    return neighbourhood(sender or "") or "socket"


def _blocked(refusal: TooManyRequests, limit: Limit) -> TooManyRequests:
    ratelimit_block.labels(limit.name).inc()
    return refusal
