"""Wallets compared with our books: what we know of trades and movements must make up what is there.

A wallet is compared whenever a balance was read. What our books do not explain is asked of the
venue's own account of the wallet: transfers and funding come on record, and a transfer moves what
the day began with, so that it is no loss of the day. What stays unexplained is a difference on
record; seen again it is taken over as the owner's own, as positions are. What is left after
trades by hand is the owner's own at once: of their profit our books know nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from mimic.core.bulk import columns_of
from mimic.core.ids import first_id_at
from trading.domain.ports import MoneyKind, MoneyReport
from trading.execution.divergences import Unexplained, heal_money, record_money
from trading.models import DivergenceAction, WalletMark

AFTER = timedelta(seconds=20)  # between the first look that showed it and the taking over
QUIET = timedelta(seconds=15)  # since our last fill: the wallet may know more of it, or less
ASKED_EVERY = timedelta(seconds=10)
SKEW = timedelta(seconds=5)
CENT = Decimal("0.01")
"""Venues round each entry to fractions of this."""


class Told(NamedTuple):
    """A wallet as its venue told it; ``at`` is when it was asked."""

    account_id: int
    currency: str
    wallet: Decimal
    at: datetime


class Question(NamedTuple):
    """What moved this account's money since then? ``told`` is what it is about."""

    told: Told
    since: datetime


class _Known(NamedTuple):
    """What our books make of a wallet."""

    account_id: int
    currency: str
    wallet: Decimal
    at: datetime
    doubted_at: datetime | None
    asked_at: datetime | None
    by_hand: bool
    busy: bool


# ``at``: entries of before the mark are in it already, however late they are listed.
_EXPECTED = """
SELECT m.account_id, m.currency,
    m.wallet - m.realised
      + coalesce((SELECT sum(p.realised) FROM trading_position p
            WHERE p.account_id = m.account_id), 0)
      - coalesce((SELECT sum(f.fee) FROM trading_fill f WHERE f.account_id = m.account_id
            AND f.id > m.fill_id AND f.fee_currency = m.currency), 0)
      + coalesce((SELECT sum(v.amount) FROM trading_moneymovement v
            WHERE v.account_id = m.account_id AND v.id > m.movement_id AND v.at >= m.at
              AND v.currency = m.currency), 0),
    m.at, m.doubted_at, m.asked_at,
    EXISTS (SELECT FROM trading_externalfill e
        WHERE e.account_id = m.account_id AND e.id > m.external_id),
    EXISTS (SELECT FROM trading_fill f
        WHERE f.account_id = m.account_id AND f.id > %(lately)s)
      OR EXISTS (SELECT FROM trading_order o WHERE o.account_id = m.account_id
        AND o.closed_at IS NULL AND o.status IN ('sending', 'unknown'))
  FROM trading_walletmark m WHERE m.account_id = ANY(%(accounts)s::bigint[])
"""
_MARK = """
INSERT INTO trading_walletmark (account_id, currency, wallet, realised, fill_id, external_id,
    movement_id, at)
SELECT c.account_id, c.currency, c.wallet,
    coalesce((SELECT sum(p.realised) FROM trading_position p
        WHERE p.account_id = c.account_id), 0),
    coalesce((SELECT max(f.id) FROM trading_fill f WHERE f.account_id = c.account_id), 0),
    coalesce((SELECT max(e.id) FROM trading_externalfill e
        WHERE e.account_id = c.account_id), 0),
    coalesce((SELECT max(v.id) FROM trading_moneymovement v
        WHERE v.account_id = c.account_id), 0), c.at
  FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::timestamptz[])
    AS c(account_id, currency, wallet, at)
 ORDER BY c.account_id
ON CONFLICT (account_id) DO UPDATE SET currency = excluded.currency, wallet = excluded.wallet,
    realised = excluded.realised, fill_id = excluded.fill_id, external_id = excluded.external_id,
    movement_id = excluded.movement_id, at = excluded.at, doubted_at = NULL, asked_at = NULL
"""
_BOOK = """
INSERT INTO trading_moneymovement (account_id, venue_id, kind, amount, currency, symbol, at)
SELECT %s, c.* FROM unnest(%s::text[], %s::text[], %s::numeric[], %s::text[], %s::text[],
    %s::timestamptz[]) AS c
ON CONFLICT (account_id, venue_id) DO NOTHING
RETURNING kind, amount, currency, at
"""
_SHIFT = """
UPDATE trading_accountbudget SET day_equity = greatest(day_equity + %s, 0)
 WHERE account_id = %s AND day_equity > 0
"""


def judge(told: Sequence[Told], now: datetime) -> list[Question]:
    """Operation: compare; what agrees is marked. Returns whose venue is to be asked why not."""
    known = _known([each.account_id for each in told], now)
    agreed: list[Told] = []
    odd: list[Told] = []
    for each in told:
        there = known.get(each.account_id)
        if there is None or _agrees(there, each):
            agreed.append(each)
        elif not there.busy and each.at > there.at:
            odd.append(each)
    _mark(agreed, now)
    marks = WalletMark.objects.filter(pk__in=[each.account_id for each in odd])
    marks.filter(doubted_at=None).update(doubted_at=now)
    asked = [
        Question(each, known[each.account_id].at - SKEW)
        for each in odd
        if (last := known[each.account_id].asked_at) is None or last <= now - ASKED_EVERY
    ]
    marks.filter(pk__in=[each.told.account_id for each in asked]).update(asked_at=now)
    return asked


def explain(question: Question, found: Sequence[MoneyReport], now: datetime) -> None:
    """Operation: the venue's entries on record; what they leave open is a difference."""
    told = question.told
    _book(question, found)
    there = _known([told.account_id], now).get(told.account_id)
    if there is None or there.doubted_at is None:
        return  # explained by another look meanwhile
    if there.by_hand or _agrees(there, told):
        _mark([told], now)
        return
    odd = Unexplained(told.account_id, told.currency, there.wallet, told.wallet, there.doubted_at)
    adopted = there.doubted_at <= now - AFTER
    record_money(odd, DivergenceAction.ADOPTED if adopted else DivergenceAction.WATCHES, now)
    if adopted:
        _mark([told], now)


def _agrees(there: _Known, told: Told) -> bool:
    """A wallet of another currency is another wallet: it begins anew."""
    return there.currency != told.currency or abs(there.wallet - told.wallet) < CENT


def _known(account_ids: Collection[int], now: datetime) -> dict[int, _Known]:
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "accounts": list(account_ids), "lately": first_id_at(now - QUIET),
        }  # fmt: skip
        cursor.execute(_EXPECTED, values)
        return {row[0]: _Known(*row) for row in cursor.fetchall()}


def _mark(told: Sequence[Told], now: datetime) -> None:
    if told:
        with connection.cursor() as cursor:
            cursor.execute(_MARK, columns_of(told, 4))
        heal_money([each.account_id for each in told], now)


def _book(question: Question, found: Sequence[MoneyReport]) -> None:
    """What came or went since the mark is none of the day's profit or loss."""
    told, since = question.told, question.since + SKEW
    rows = [
        (each.venue_id, each.kind.value, each.amount, each.currency, each.symbol, each.at)
        for each in found
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_BOOK, [told.account_id, *columns_of(rows, 6)])
        moved = sum(
            (amount for kind, amount, currency, at in cursor.fetchall()
             if kind == MoneyKind.TRANSFER.value and currency == told.currency and at >= since),
            Decimal(0),
        )  # fmt: skip
        if moved:
            cursor.execute(_SHIFT, [moved, told.account_id])
