"""What a person or the venue changed on an account, so that copies there are not what was agreed.

Copies of that account are paused with the reason; nobody else's are. What was seen once does not
pause again after a person resumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trading.copying.subscription_states import Reason, pause_copies
from trading.domain.news import FillNews, OrderNews, PositionNews, SettingsNews
from trading.domain.ports import MarginMode, PositionSide
from trading.execution.news import Applied, Told
from trading.models import AccountCheck, AccountStream, CheckOutcome, ExchangeAccount


def pause_drifted(*, told: Sequence[Told], applied: Applied) -> None:
    """Operation: look for drift in news that were applied just now."""
    _pause(_liquidated(applied.external), Reason.LIQUIDATED)
    sides = {each.account_id: side for each in told if (side := _side(each)) is not None}
    note_modes({account_id: side is not PositionSide.BOTH for account_id, side in sides.items()})
    modes = {
        each.account_id: each.news.margin_mode
        for each in told
        if isinstance(each.news, SettingsNews) and each.news.margin_mode is not None
    }
    note_margin_modes(modes)


def note_modes(hedged: dict[int, bool]) -> None:
    """Operation: the position mode of accounts as their venues show it."""
    if not hedged:
        return
    rows = ExchangeAccount.objects.filter(pk__in=hedged).values_list("pk", "hedge")
    flipped = [pk for pk, hedge in rows if hedged[pk] != hedge]
    for pk in flipped:
        ExchangeAccount.objects.filter(pk=pk).update(hedge=hedged[pk])
    _pause(flipped, Reason.HEDGE)


def note_margin_modes(modes: dict[int, MarginMode]) -> None:
    """Operation: a symbol's margin mode, against the one that the keys' newest check found."""
    if not modes:
        return
    checks = AccountCheck.objects.filter(account_id__in=modes, outcome=CheckOutcome.PASSED)
    agreed = dict(checks.order_by("asked_at").values_list("account_id", "margin_mode"))
    known = {mode.value for mode in MarginMode}
    drifted: list[int] = []
    for account_id, mode in modes.items():
        other = mode.value if agreed.get(account_id) in known - {mode.value} else ""
        rows = AccountStream.objects.filter(account_id=account_id).exclude(margin_mode=other)
        if rows.update(margin_mode=other) and other:
            drifted.append(account_id)
    _pause(drifted, Reason.MARGIN_MODE)


def _liquidated(external: Iterable[Told]) -> list[int]:
    forced = (each for each in external if isinstance(each.news, FillNews) and each.news.forced)
    return sorted({each.account_id for each in forced})


def _side(told: Told) -> PositionSide | None:
    """The side that news show; a closed position is told of in either mode."""
    match told.news:
        case OrderNews(position_side=side):
            return side
        case PositionNews(position_side=side, quantity=quantity) if quantity:
            return side
        case _:
            return None


def _pause(account_ids: Sequence[int], reason: Reason) -> None:
    if account_ids:
        pause_copies(account_ids=account_ids, reason=reason)
