"""What copies want of their accounts at the venues, worked out beside the hot path.

A subscription whose settings in force were not passed on yet is work: a new one, one with another
version, or one whose strategy signalled something that nobody had thought of. Each account gets
one row an instrument (:class:`trading.models.VenueSetting`) with the highest leverage that any of
its copies may take there; :mod:`trading.execution.venue_settings` does the asking.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Max

from mimic.core.bulk import columns_of
from signals.models import Action, Signal
from signals.selectors import told_signals
from trading.copying.rulebook import limitations_in, operator_layers, rules
from trading.domain.rules import CopyRules
from trading.models import CopySubscription, ExchangeAccount, Instrument, SubscriptionStatus

AT_ONCE = 200
SIGNALLED_WITHIN = timedelta(days=30)


class Wanted(NamedTuple):
    """``signalled``: the highest leverage that a signal named there, 0 for none yet."""

    account_id: int
    symbol: str
    leverage: int
    signalled: int


@transaction.atomic(durable=True)
def plan_venue_settings(*, now: datetime) -> int:
    """Command: rows for the accounts of subscriptions that were not passed on; how many of those.

    Rows whose wish is another now are to be set at once; others are left to their own time.
    """
    due = _due()
    if not due:
        return 0
    copies = _copies_of({row.account_id for row in due})
    _write(_wanted(copies, now), now)
    CopySubscription.objects.filter(pk__in=[row.pk for row in due]).update(
        settings_at_venue=F("settings_id")
    )
    return len(due)


_UNHEARD_OF = """
UPDATE trading_copysubscription s SET settings_at_venue = 0
  FROM trading_exchangeaccount a, trading_copysettings c
 WHERE a.id = s.account_id AND a.kind <> 'paper' AND s.strategy_id = %(strategy)s
   AND s.status = 'active' AND s.settings_at_venue = s.settings_id AND c.id = s.settings_id
   AND %(symbol)s <> ALL (c.blocked_symbols)
   AND (c.allowed_symbols = '{}' OR %(symbol)s = ANY (c.allowed_symbols))
   AND EXISTS (SELECT FROM trading_instrument i
        WHERE i.venue_id = a.venue_id AND i.symbol = %(symbol)s)
   AND NOT EXISTS (SELECT FROM trading_venuesetting v WHERE v.account_id = a.id
        AND v.symbol = %(symbol)s AND v.planned_for >= %(leverage)s)
"""


def note_signal(signal: Signal) -> None:
    """After a signal was decided for: copies that it told something new are work. One statement."""
    asked: dict[str, Any] = {
        "strategy": signal.strategy_id,
        "symbol": signal.symbol,
        "leverage": signal.leverage,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNHEARD_OF, asked)


def _due() -> list[CopySubscription]:
    """Locked."""
    rows = (
        CopySubscription.objects.filter(status=SubscriptionStatus.ACTIVE)
        .exclude(settings_at_venue=F("settings"))
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("pk")
    )
    return list(rows[:AT_ONCE])


def _copies_of(account_ids: Iterable[int]) -> list[CopySubscription]:
    """Of those accounts where something is set: paper takes the leverage from each order."""
    rows = CopySubscription.objects.filter(
        account_id__in=account_ids, status=SubscriptionStatus.ACTIVE
    ).exclude(account__kind=ExchangeAccount.Kind.PAPER)
    return list(rows.select_related("account"))


def _wanted(copies: Sequence[CopySubscription], now: datetime) -> list[Wanted]:
    """The highest of an account's copies, for each instrument that its venue trades."""
    book = rules({row.settings_id for row in copies})
    layers = operator_layers(
        strategy_ids={row.strategy_id for row in copies},
        account_ids={row.account_id for row in copies},
    )
    signalled = _signalled({row.strategy_id for row in copies}, now)
    found: dict[tuple[str, int, str], Wanted] = {}
    for row in copies:
        own = book[row.settings_id]
        limits = limitations_in(layers, row.strategy_id).of(row.account_id, own.layer)
        for symbol, leverage in _symbols(own, signalled[row.strategy_id]).items():
            wish = min(own.wanted_leverage(symbol, leverage), limits.max_leverage)
            key = (row.account.venue_id, row.account_id, symbol)
            before = found.get(key)
            found[key] = Wanted(
                row.account_id,
                symbol,
                max(wish, before.leverage if before else 1),
                max(leverage, before.signalled if before else 0),
            )
    return _listed(found)


def _symbols(own: CopyRules, signalled: Mapping[str, int]) -> dict[str, int]:
    """What a copy may trade as far as can be known, with the leverage that signals named.

    A symbol that is only allowed has a wish of its own where the copy's leverage does not follow
    the signal's.
    """
    named = {*own.symbol_leverage, *(own.allowed if own.leverage else ())}
    every = {**dict.fromkeys(named, 0), **signalled}
    return {symbol: leverage for symbol, leverage in every.items() if own.allows(symbol)}


def _signalled(strategy_ids: Iterable[int], now: datetime) -> dict[int, dict[str, int]]:
    opens = told_signals().filter(
        strategy_id__in=strategy_ids, action=Action.OPEN, received_at__gte=now - SIGNALLED_WITHIN
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    rows = opens.values_list("strategy_id", "symbol").annotate(highest=Max("leverage"))
    for strategy_id, symbol, highest in rows:
        found[strategy_id][symbol] = highest
    return found


def _listed(found: Mapping[tuple[str, int, str], Wanted]) -> list[Wanted]:
    """Those that the account's venue trades, no higher than it takes; in key order."""
    rules_there = Instrument.objects.filter(symbol__in={symbol for _, _, symbol in found})
    most: dict[tuple[str, str], Any] = {
        (venue, symbol): highest
        for venue, symbol, highest in rules_there.values_list("venue_id", "symbol", "max_leverage")
    }
    return [
        each._replace(leverage=min(each.leverage, most[venue, symbol]))
        for (venue, _, symbol), each in sorted(found.items(), key=lambda item: item[0][1:])
        if (venue, symbol) in most
    ]


def _write(wanted: Sequence[Wanted], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_venuesetting AS v (account_id, symbol, wanted, planned_for, "
            "state, margin_mode, code, message, tries, asked_at, due_at) "
            "SELECT c.*, 'planned', '', '', '', 0, %s, %s FROM "
            "unnest(%s::bigint[], %s::text[], %s::int[], %s::int[]) "
            "AS c(account_id, symbol, wanted, signalled) "
            "ON CONFLICT (account_id, symbol) DO UPDATE SET wanted = excluded.wanted, "
            "planned_for = greatest(v.planned_for, excluded.planned_for), "
            "state = CASE WHEN v.wanted = excluded.wanted THEN v.state ELSE 'planned' END, "
            "tries = CASE WHEN v.wanted = excluded.wanted THEN v.tries ELSE 0 END, "
            "asked_at = CASE WHEN v.wanted = excluded.wanted THEN v.asked_at ELSE %s END, "
            "due_at = CASE WHEN v.wanted = excluded.wanted THEN v.due_at ELSE %s END",
            [now, now, *columns_of(wanted, 4), now, now],
        )
