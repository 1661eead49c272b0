"""The last look before keys sign an open: the account's own limits, and whether it is odd.

Stands where keys are opened (:mod:`trading.execution.claims`), so that nothing which decided
wrongly, or was made to, gets past it. What is odd freezes the keys until an operator has looked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from prometheus_client import Counter

from accounts.models import User
from mimic.audit.actions import declare
from mimic.audit.services import record
from trading.domain.key_guard import STRIKE_SECONDS, STRIKES, KeyLimits, Objection, Pace, objection
from trading.domain.ports import AccountSession
from trading.execution.transitions import Claimed
from trading.models import ExchangeAccount, InstrumentQuote, KeyGuard

logger = logging.getLogger(__name__)
refused_by_keys = Counter(
    "mimic_key_guard_refusals", "Opens that an account's keys were not used for", ["why"]
)
FROZEN = declare("trading.keys.freeze", _("Exchange keys frozen"), facts=["why"], private=["said"])
LIFTED = declare("trading.keys.unfreeze", _("Exchange keys freed"), private=["said"])
FRESH = timedelta(seconds=60)  # a price that a notional may be weighed by
_NO_LIMITS: Final = KeyLimits()
_opens, _strikes = Pace(60.0), Pace(STRIKE_SECONDS)

Sessions = Mapping[int, AccountSession]


def screen(orders: Sequence[Claimed], sessions: Sessions, *, now: datetime) -> dict[int, Objection]:
    """By order id, why these opens must not be signed. Keys of whoever goes on trying are frozen.

    Closes and paper accounts pass. One query; another one where a notional is limited.
    """
    opens = [
        order
        for order in orders
        if not order.reduce_only and sessions[order.account_id].credentials is not None
    ]
    if not opens:
        return {}
    guards = KeyGuard.objects.in_bulk({order.account_id for order in opens})
    limits = {account_id: guard.limits() for account_id, guard in guards.items()}
    prices = _prices(opens, sessions, limits, now)
    found: dict[int, Objection] = {}
    for order in opens:
        own = limits.get(order.account_id, _NO_LIMITS)
        price = prices.get((sessions[order.account_id].venue, order.symbol))
        notional = None if price is None else price * order.quantity
        why = _judge(order, own, notional, now)
        if why is not None:
            found[order.order_id] = why
            refused_by_keys.labels(why.value).inc()
    return found


def _judge(
    order: Claimed, limits: KeyLimits, notional: Decimal | None, now: datetime
) -> Objection | None:
    why = objection(limits, symbol=order.symbol, notional=notional)
    moment = time.monotonic()
    if why in {Objection.SYMBOL, Objection.NOTIONAL}:
        if _strikes.note(order.account_id, moment) >= STRIKES:
            _freeze_by_itself(order.account_id, why, now)
    elif why is None and _opens.note(order.account_id, moment) > limits.opens_a_minute:
        _freeze_by_itself(order.account_id, Objection.PACE, now)
        return Objection.PACE
    return why


def _prices(
    opens: Sequence[Claimed],
    sessions: Sessions,
    limits: Mapping[int, KeyLimits],
    now: datetime,
) -> dict[tuple[str, str], Decimal]:
    """By venue and symbol, the dearer of mark and ask; what is not fresh is left out."""
    limited = [order for order in opens if limits.get(order.account_id, _NO_LIMITS).max_notional]
    if not limited:
        return {}
    rows = InstrumentQuote.objects.filter(
        instrument__venue__in={sessions[order.account_id].venue for order in limited},
        instrument__symbol__in={order.symbol for order in limited},
        at__gt=now - FRESH,
    )
    quotes = rows.values_list("instrument__venue_id", "instrument__symbol", "ask", "mark")
    return {(venue, symbol): max(ask, mark) for venue, symbol, ask, mark in quotes}


@transaction.atomic(durable=True)
def freeze_keys(*, account: ExchangeAccount, by: User, reason: str, now: datetime) -> bool:
    """Command: nothing is opened with these keys until somebody frees them; False if it was so."""
    return _freeze(account.pk, "operator", reason, now, by=by)


@transaction.atomic(durable=True)
def free_keys(*, account: ExchangeAccount, by: User, reason: str) -> bool:
    """Command: an operator has looked. False if they were not frozen."""
    frozen = KeyGuard.objects.filter(account=account, frozen_at__isnull=False)
    if not frozen.update(frozen_at=None, frozen_why=""):
        return False
    record(LIFTED, target=account, by=by, private={"said": reason})
    return True


@transaction.atomic(durable=True)
def _freeze_by_itself(account_id: int, why: Objection, now: datetime) -> None:
    if _freeze(account_id, why.value, "", now, by=None):
        logger.error("exchange keys frozen", extra={"account": account_id, "why": why.value})


def _freeze(account_id: int, why: str, said: str, now: datetime, *, by: User | None) -> bool:
    guard, _made = KeyGuard.objects.select_for_update().get_or_create(account_id=account_id)
    if guard.frozen_at is not None:
        return False
    guard.frozen_at, guard.frozen_why = now, said[:200] or why
    guard.save(update_fields=["frozen_at", "frozen_why"])
    record(FROZEN, target=guard, by=by, facts={"why": why}, private={"said": said})
    return True
