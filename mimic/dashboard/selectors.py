"""What the trader's home shows; every figure comes from our books, nothing is asked of a venue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from django.db.models import Max, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from trading.execution.connection_wording import STATE_TONES
from trading.execution.connections import accounts_of_person
from trading.execution.selectors import PositionRow
from trading.models import AccountBudget, EquityPoint

HUNDRED = Decimal(100)
DRAWDOWN_LIMIT_PCT = Decimal(10)
EXPOSURE_LIMIT_PCT = Decimal(50)


@dataclass(frozen=True, slots=True)
class Summary:
    """Money in ``currency``; percentages as people write them; None while there is no figure."""

    equity: Decimal
    currency: str
    today: Decimal | None
    today_pct: Decimal | None
    open_pnl: Decimal
    open_count: int
    drawdown_pct: Decimal | None
    drawdown_limit_pct: Decimal


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit with how much of it is used; ``percent`` is 0-100 for the bar."""

    label: str
    used: Decimal
    limit: Decimal
    percent: int
    unit: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """``state`` in the person's language, ``tone`` of its badge."""

    label: str
    venue: str
    kind: str
    state: str
    tone: str


def accounts_of(user_id: int) -> list[AccountRow]:
    return [
        AccountRow(
            row.label, row.venue.name, row.kind, row.get_state_display(), STATE_TONES[row.state]
        )
        for row in accounts_of_person(user_id)
    ]


class OfKind(Protocol):
    """An account as :func:`mode_of` sees it."""

    @property
    def kind(self) -> str: ...


def mode_of(accounts: Iterable[OfKind]) -> str:
    """``paper`` unless real money is at stake; ``mixed`` when both are."""
    kinds = {"live" if account.kind == "live" else "paper" for account in accounts}
    return "mixed" if len(kinds) > 1 else next(iter(kinds), "paper")


def summary_of(user_id: int, positions: Sequence[PositionRow], midnight: datetime) -> Summary:
    """``midnight`` is the start of the person's day; drawdown is from the highest point known."""
    budgets = AccountBudget.objects.filter(account__user_id=user_id)
    equity = budgets.aggregate(total=Sum("equity"))["total"] or Decimal(0)
    points = EquityPoint.objects.filter(account__user_id=user_id)
    start = _equity_at(points.filter(at__gte=midnight))
    peaks = points.values("account_id").annotate(peak=Max("equity"))
    peak = sum((row["peak"] for row in peaks), Decimal(0))
    today = equity - start if start else None
    return Summary(
        equity=equity,
        currency="USDT",
        today=today,
        today_pct=today / start * HUNDRED if today is not None and start else None,
        open_pnl=sum((row.pnl for row in positions if row.pnl is not None), Decimal(0)),
        open_count=len(positions),
        drawdown_pct=max(peak - equity, Decimal(0)) / peak * HUNDRED if peak else None,
        drawdown_limit_pct=DRAWDOWN_LIMIT_PCT,
    )


def _equity_at(points: QuerySet[EquityPoint]) -> Decimal | None:
    """The sum over accounts of the first point of each."""
    first = points.order_by("account_id", "at").distinct("account_id").values_list("equity")
    values = [row[0] for row in first]
    return sum(values, Decimal(0)) if values else None


def limits_of(summary: Summary, positions: Sequence[PositionRow]) -> list[Limit]:
    """Drawdown and exposure (initial margin in percent of equity) against their limits."""
    margin = sum((row.quantity * row.entry / row.leverage for row in positions), Decimal(0))
    exposure = margin / summary.equity * HUNDRED if summary.equity else Decimal(0)
    rows = (
        (_("Drawdown"), summary.drawdown_pct or Decimal(0), DRAWDOWN_LIMIT_PCT),
        (_("Exposure"), exposure, EXPOSURE_LIMIT_PCT),
    )
    return [
        Limit(
            str(label),
            used.quantize(Decimal("0.1")),
            limit,
            min(100, int(used / limit * HUNDRED)),
            "%",
        )
        for label, used, limit in rows
    ]


def equity_curve(user_id: int, *, since: datetime) -> list[tuple[int, str]]:
    """(epoch seconds, equity over all accounts) for each moment that any account has a point.

    An account without a point at a moment counts with its newest one before.
    """
    points = EquityPoint.objects.filter(account__user_id=user_id)
    before = points.filter(at__lt=since).order_by("account_id", "-at").distinct("account_id")
    newest = dict(before.values_list("account_id", "equity"))
    curve: dict[int, str] = {}
    for account_id, equity, at in (
        points.filter(at__gte=since).order_by("at").values_list("account_id", "equity", "at")
    ):
        newest[account_id] = equity
        curve[int(at.timestamp())] = f"{sum(newest.values()):.2f}"
    return list(curve.items())


def has_curve(user_id: int) -> bool:
    """Whether there are two moments to join."""
    points = EquityPoint.objects.filter(account__user_id=user_id)
    return points.values_list("at", flat=True).distinct()[:2].count() > 1
