"""What was booked as a master's own trades waits to be mirrored, from the same transaction on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from trading.copying.masters.exits import note_exits
from trading.copying.masters.leverages import note_leverages
from trading.domain.mirroring import Why
from trading.domain.news import BalanceNews, ExitNews, FillNews, SettingsNews
from trading.execution.news import Told
from trading.models import MasterAccount, MasterFill, MasterMove, MoveState

# The venues' own words for money that came or went without a trade. Others tell of no reason.
_MONEY = {
    "FUNDING_FEE": Why.FUNDING,
    "Funding": Why.FUNDING,
    "DEPOSIT": Why.TRANSFER,
    "WITHDRAW": Why.TRANSFER,
    "ADMIN_DEPOSIT": Why.TRANSFER,
    "ADMIN_WITHDRAW": Why.TRANSFER,
    "ASSET_TRANSFER": Why.TRANSFER,
    "MARGIN_TRANSFER": Why.TRANSFER,
}


def gather(*, told: Sequence[Told], booked: Sequence[Told], now: datetime) -> int:
    """Operation: of all that was told, what masters did; ``booked`` are trades that are not ours,
    booked just now for the first time. Returns how many of them are a master's.
    """
    if not booked and not any(_matters(each) for each in told):
        return 0
    masters = _masters({each.account_id for each in (*told, *booked)})
    if not masters:
        return 0
    note_leverages(
        [
            (each.account_id, each.news.symbol, each.news.leverage, each.news.at)
            for each in told
            if each.account_id in masters
            and isinstance(each.news, SettingsNews)
            and each.news.leverage
        ]
    )
    _note_money(told, masters)
    note_exits(
        [
            (masters[each.account_id], each.news)
            for each in told
            if each.account_id in masters and isinstance(each.news, ExitNews)
        ]
    )
    fills = [_fill(each, masters, now) for each in booked if each.account_id in masters]
    MasterFill.objects.bulk_create(fills, ignore_conflicts=True)
    return len(fills)


def _matters(told: Told) -> bool:
    return isinstance(told.news, SettingsNews | ExitNews) or (
        isinstance(told.news, BalanceNews) and told.news.reason in _MONEY
    )


def _masters(account_ids: Iterable[int]) -> dict[int, int]:
    rows = MasterAccount.objects.filter(account_id__in=account_ids, ended_at=None)
    return dict(rows.values_list("account_id", "pk"))


def _fill(told: Told, masters: dict[int, int], now: datetime) -> MasterFill:
    news = told.news
    assert isinstance(news, FillNews)  # nothing else is booked
    assert news.position_side is not None  # nor without its side
    fill = news.fill
    return MasterFill(
        master_id=masters[told.account_id],
        symbol=fill.symbol,
        position_side=news.position_side.value,
        venue_order_id=fill.venue_order_id,
        client_id=news.client_id[:64],
        trade_id=fill.trade_id,
        side=fill.side.value,
        quantity=fill.quantity,
        price=fill.price,
        forced=news.forced,
        at=fill.at,
        seen_at=now,
    )


def _note_money(told: Iterable[Told], masters: dict[int, int]) -> None:
    """Ignored, with the reason on record; told twice it is there once."""
    MasterMove.objects.bulk_create(
        [
            MasterMove(
                master_id=masters[each.account_id],
                state=MoveState.IGNORED,
                code=_MONEY[each.news.reason].value,
                trade_id=f"{each.news.reason} {each.news.at.isoformat()}",
                at=each.news.at,
                decided_at=each.news.at,
            )
            for each in told
            if each.account_id in masters
            and isinstance(each.news, BalanceNews)
            and each.news.reason in _MONEY
        ],
        ignore_conflicts=True,
    )
