"""How often a door may be knocked at, and from where.

A strategy's alerts are counted by its token: 30 in three minutes. TradingView sends everybody's
from four addresses and never repeats what got a 429, so an address is held to nothing for alerts
that are authenticated; only its failures count, and they cost the failing ones alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from django.conf import settings

from mimic.core.errors import TooManyRequests
from mimic.core.limits import Ahead, Ask, Limit, Mode, judge
from mimic.core.network import neighbourhood, parse_address, within
from mimic.ops.metrics import ratelimit_block
from signals.ingest.errors import AddressNotListed, TooManyAlerts, TooManyFailures
from signals.models import Strategy
from signals.services.deliveries import Received

_WINDOW_SECONDS: Final = 180
_FAILURES: Final = Limit("door-failures", most=30, seconds=_WINDOW_SECONDS, alone=30)

_counts = Ahead("alert-counts")

Knock = tuple[str | None, bytes]
"""Who sends an alert, and the digest of the token that it shows."""


def try_each(
    knocks: Sequence[Knock], accept: Callable[[list[int]], Sequence[Received | None]]
) -> list[Received | None]:
    """What ``accept`` makes of the knocks whose places it is given; None for the others too.

    Nothing that was not accepted has been counted, and it is not known yet whose it is: the careful
    way says what is wrong. Inventions become nothing, so no count is kept for them.
    """
    asks = [_alerts(token.hex()) for _sender, token in knocks]
    places = [
        place
        for place, (knock, ask) in enumerate(zip(knocks, asks, strict=True))
        if _is_listed(knock[0]) and _counts.take(ask)
    ]
    found: list[Received | None] = [None] * len(knocks)
    for place, received in zip(places, accept(places) if places else [], strict=True):
        found[place] = received
        (_counts.give_back if received is None else _counts.keep)(asks[place])
    return found


def count_alert(strategy: Strategy) -> None:
    """Count an alert of this strategy. Raises :class:`TooManyAlerts`."""
    digest = strategy.token_digest
    ask = _alerts(f"strategy:{strategy.pk}" if digest is None else digest.hex())
    if not _counts.take(ask):
        (standing,) = judge([replace(ask, mode=Mode.LOOK)])
        raise _blocked(TooManyAlerts(retry_after=standing.wait_seconds), ask.limit)
    _counts.keep(ask)


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
