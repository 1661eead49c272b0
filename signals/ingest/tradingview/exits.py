"""Stop and targets of an alert, as distances from its entry. Pure.

Each may be said in percent of price (``sl_perc``, ``tp_perc``, ``tp1_perc`` … ``tp8_perc``) or as a
price (``sl``, ``tp``, ``tp1`` … ``tp8``), which needs the entry's ``price`` beside it. Shares
(``tp1_share`` …) are percent of the position; without any the targets share it evenly.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from signals.ingest.errors import AlertFieldInvalid
from signals.ingest.tradingview.fields import PRICES, number
from signals.ingest.tradingview.message import Fields
from signals.ingest.tradingview.names import TARGETS
from signals.models import Direction
from signals.services.publish import Target

_HUNDRED = Decimal(100)
_STEP = Decimal("0.0001")  # what the columns keep of a percentage
_STOP = (Decimal("0.01"), Decimal(99))
_TARGET = (Decimal("0.01"), Decimal(1000))
_SHARE = (Decimal("0.0001"), _HUNDRED)
_NUMBERED = frozenset(name for names in TARGETS for name in names)


class Exits(NamedTuple):
    """Percent of price; None: the strategy's default. ``targets`` is empty for at most one."""

    stop_loss_pct: Decimal | None
    take_profit_pct: Decimal | None
    targets: tuple[Target, ...] = ()


def exits(fields: Fields, direction: Direction, price: Decimal | None) -> Exits:
    """For an open in that direction. Raises :class:`AlertFieldInvalid` by the field's name."""
    entry = _Entry(fields, 1 if direction is Direction.LONG else -1, price)
    stop = entry.distance("sl_perc", "stop_price", _STOP, ahead=-1)
    single = entry.distance("tp_perc", "target_price", _TARGET)
    ladder = _ladder(fields, entry)
    if not ladder:
        return Exits(stop, single)
    if single is not None:
        raise AlertFieldInvalid("tp beside tp1: say one target, or several by their numbers")
    return Exits(stop, ladder[0].pct, ladder)


class _Entry(NamedTuple):
    """``sign`` is 1 for a long, -1 for a short."""

    fields: Fields
    sign: int
    price: Decimal | None

    def distance(
        self, by_percent: str, by_price: str, bounds: tuple[Decimal, Decimal], ahead: int = 1
    ) -> Decimal | None:
        """``ahead`` is 1 for what lies in the trade's direction, -1 for what lies against it."""
        percent = number(self.fields, by_percent, *bounds)
        said = number(self.fields, by_price, *PRICES)
        if said is None:
            return percent
        if percent is not None:
            raise AlertFieldInvalid(f"{by_percent} and {by_price}: say it one way")
        if self.price is None:
            raise AlertFieldInvalid(f"{by_price} is a price, so the alert needs the entry's price")
        away = (said - self.price) * self.sign * ahead * _HUNDRED / self.price
        if not bounds[0] <= away <= bounds[1]:
            raise AlertFieldInvalid(f"{by_price} {said} is on the wrong side of {self.price}")
        return away.quantize(_STEP)


def _ladder(fields: Fields, entry: _Entry) -> tuple[Target, ...]:
    """The numbered targets, nearest first, none left out between two."""
    if _NUMBERED.isdisjoint(fields):  # as in most alerts
        return ()
    found = [
        (entry.distance(percent, price, _TARGET), number(fields, share, *_SHARE))
        for percent, price, share in TARGETS
    ]
    count = max((n for n, (pct, share) in enumerate(found, 1) if pct or share), default=0)
    distances = [pct for pct, _share in found[:count] if pct is not None]
    if len(distances) < count:
        raise AlertFieldInvalid(f"tp{count} needs every target before it, each with its distance")
    if any(near >= far for near, far in zip(distances, distances[1:], strict=False)):
        raise AlertFieldInvalid("tp1 must be the nearest target, and each next one farther away")
    shares = _shares([share for _pct, share in found[:count]])
    return tuple(map(Target, distances, shares))


def _shares(said: list[Decimal | None]) -> list[Decimal]:
    """Even ones, the last taking what is left; or those that were said, for all of them."""
    told = [share for share in said if share is not None]
    if not told and said:
        even = (_HUNDRED / len(said)).quantize(_STEP, ROUND_DOWN)
        return [*(even for _ in said[1:]), _HUNDRED - even * (len(said) - 1)]
    if len(told) < len(said):
        raise AlertFieldInvalid("tp1_share: give a share for every target, or for none")
    if sum(told) > _HUNDRED:
        raise AlertFieldInvalid(f"tp1_share: the shares make {sum(told)} %, more than all of it")
    return told
