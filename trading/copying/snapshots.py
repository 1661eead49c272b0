"""What a socket is told first on each channel: the person's present state, from their own rows.

Rows have the shape of the channel's later messages (``rows``; for ``summary`` the sums alone).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.utils import timezone

from mimic.web.live_channels import Snapshot
from signals.selectors import signals_for
from trading.copying.approvals_selectors import waiting_for
from trading.copying.live import message_of
from trading.copying.selectors import receipts_of_person
from trading.execution.book_rows import (
    balances_of_people,
    equity_since,
    newest_orders,
    newest_trades,
)
from trading.execution.selectors import open_positions, sums_of_people

NEWEST = 50
_EQUITY_OF = timedelta(days=1)  # an account without a point that young is not followed any more


def _rows(rows: Sequence[Any]) -> dict[str, Any]:
    return {"rows": [message_of(row) for row in rows]}


def _signals(user: Any, channel: str) -> dict[str, Any]:
    return {"rows": [asdict(row) for row in signals_for(user.pk, limit=NEWEST)]}


def _summary(user: Any, channel: str) -> dict[str, Any]:
    sums = sums_of_people(people=[user.pk])
    return message_of(sums[0]) if sums else {"equity": None, "open_pnl": None, "open_count": 0}


def _equity(user: Any, channel: str) -> dict[str, Any]:
    return _rows(equity_since(people=[user.pk], since=timezone.now() - _EQUITY_OF))


SNAPSHOTS: dict[str, Snapshot] = {
    "signals": _signals,
    "summary": _summary,
    "receipts": lambda user, _: _rows(receipts_of_person(user_id=user.pk, limit=NEWEST)),
    "orders": lambda user, _: _rows(newest_orders(user_id=user.pk, limit=NEWEST)),
    "trades": lambda user, _: _rows(newest_trades(user_id=user.pk, limit=NEWEST)),
    "positions": lambda user, _: _rows(open_positions(user_id=user.pk)),
    "balance": lambda user, _: _rows(balances_of_people(people=[user.pk])),
    "equity": _equity,
    "approvals": lambda user, _: _rows(waiting_for(user_id=user.pk, now=timezone.now())),
}
"""The channels of trading but ``guards``, which its own package registers."""
