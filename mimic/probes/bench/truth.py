"""How fast truth travels: accounts compared with their venue, and fills to people's browsers.

The venue is the simulated Binance with user streams, its limits of weight lifted (and ours for it:
``SIMULATED_ADDRESSES``), so that the figures are the machine's and not a budget's. What the real
budget leaves is reckoned from its table, :func:`allowed`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from mimic.probes.bench import usage
from mimic.probes.bench.crowd import VENUE
from mimic.probes.bench.measure import publish
from mimic.probes.bench.sockets_browsers import Browsers
from mimic.probes.bench.sockets_crowd import Holder
from mimic.probes.demo.driving import ask_simulator
from signals.models import Signal, Strategy
from trading.execution.governor import POLLS
from trading.models import AccountBudget, AccountStream, Order, OrderAttempt, Reconciliation
from trading.venues.limits import limits_of

CHANNELS = ("orders", "positions")
SIGNALS = 3  # of each kind
LATE_MS = 1_500  # an answer that comes so late is beaten by the user stream
PACES = (10, 60)  # seconds, see trading/reconciliation/rounds.py
LONGEST = 100.0  # seconds that anything here may take
SETTLE_SECONDS = 1.0

Report = dict[str, Any]


def fills(strategy: Strategy, people: Sequence[Holder], port: int) -> Report:
    """ms from the venue's own time of a fill to the first message at its owner's socket.

    ``answered``: the venue answers at once. ``stream_alone``: it answers ``LATE_MS`` after the
    fill, so that only the user stream can have told. Raises RuntimeError when a fill was not told.
    """
    users = {holder.user_id for holder in people}
    slow = {"endpoint": "POST /fapi/v1/order", "action": "delay", "when": "after_accept"}
    with Browsers() as browsers:
        browsers.open(port, CHANNELS, people)
        answered = _spans(browsers, _signals(strategy), users)
        ask_simulator(VENUE, "POST", "/_sim/inject", {**slow, "ms": LATE_MS, "count": 0})
        alone = _spans(browsers, _signals(strategy), users)
        ask_simulator(VENUE, "DELETE", "/_sim/inject")
    return {"answered": _told(answered), "stream_alone": _told(alone)}


def reconciled(accounts: Sequence[int], stream: int) -> Report:
    """All are due at once: positions and balances, by the one stream process with that id.

    ``accounts_per_s`` counts an account when its positions were compared and its balance read. A
    round of 40 comparisons begins two seconds after the one before ended, which is what limits it:
    ``in_rounds_per_s`` is comparisons a second without these pauses.
    """
    processor, began = usage.cpu_of(stream), datetime.now(UTC)
    _all_due(accounts, began)
    compared = Reconciliation.objects.filter(account_id__in=accounts, compared_at__gt=began)
    read = AccountBudget.objects.filter(account_id__in=accounts, snapshot_at__gt=began)
    until("comparisons", lambda: compared.count() >= len(accounts))
    until("balances", lambda: read.count() >= len(accounts))
    last = max(
        compared.latest("compared_at").compared_at or began,
        read.latest("snapshot_at").snapshot_at or began,
    )
    used = usage.cpu_of(stream) - processor
    return {
        "accounts": len(accounts),
        "seconds": round((last - began).total_seconds(), 1),
        "accounts_per_s": round(len(accounts) / (last - began).total_seconds(), 1),
        "in_rounds_per_s": round(len(accounts) / _rounds(accounts, began), 1),
        "cpu_ms_per_account": round(used * 1000 / len(accounts), 1),
        "failures": Reconciliation.objects.filter(account_id__in=accounts, failures__gt=0).count(),
    }


def allowed() -> Report:
    """What the real venue's budget leaves for one address: accounts that can be compared at each
    pace, and with their balances read as often.
    """
    limits = limits_of(VENUE)
    (weight,) = (w for w in limits.windows if (w.scope, w.kind) == ("ip", "weight"))
    polls = weight.limit * POLLS / weight.seconds / limits.reads.balance  # a second
    return {
        "polls_per_s": round(polls, 2),
        "accounts_per_address": {f"{pace} s": int(polls * pace) for pace in PACES},
        "with_balances": {f"{pace} s": int(polls * pace / 2) for pace in PACES},
    }


def all_live(accounts: Sequence[int]) -> None:
    """Wait until the stream process hears all of these."""
    live = AccountStream.objects.filter(account_id__in=accounts, state="live")
    until("user streams", lambda: live.count() >= len(accounts))


def one_open(strategy: Strategy, followers: int) -> Signal:
    """Published, and every follower's order filled."""
    signal = publish(strategy)
    filled = Order.objects.filter(origin_kind="signal", origin_id=signal.pk, status="filled")
    until("fills", lambda: filled.count() >= followers)
    return signal


def until(what: str, is_so: Callable[[], bool]) -> None:
    """Raises TimeoutError with what did not come."""
    limit = time.monotonic() + LONGEST
    while not is_so():
        if time.monotonic() > limit:
            raise TimeoutError(f"waited {LONGEST:.0f} s for {what}; logs in var/bench/servers/log")
        time.sleep(0.1)


def _signals(strategy: Strategy) -> list[Signal]:
    followers = strategy.subscriptions.count()
    return [one_open(strategy, followers) for _ in range(SIGNALS)]


def _spans(browsers: Browsers, signals: Sequence[Signal], users: set[int]) -> list[float]:
    time.sleep(SETTLE_SECONDS)
    heard = browsers.collect("orders")
    filled_at: dict[str, int] = {}
    for entry in ask_simulator(VENUE, "GET", "/_sim/ledger?kind=fill")["entries"]:
        filled_at.setdefault(entry["client_id"], entry["at"])
    rows = OrderAttempt.objects.filter(
        order__origin_kind="signal",
        order__origin_id__in=[signal.pk for signal in signals],
        order__account__user_id__in=users,
    ).values_list("order__public_id", "client_id")
    spans = []
    for order, client_id in rows:
        times = heard.get(str(order))
        if not times:
            raise RuntimeError(f"the owner of {client_id} did not hear of its fill")
        spans.append(min(times) * 1000 - filled_at[client_id])
    return sorted(spans)


def _told(spans: Sequence[float]) -> dict[str, float]:
    at = {name: spans[len(spans) * part // 100] for name, part in (("p50", 50), ("p95", 95))}
    at |= {"p99": spans[len(spans) * 99 // 100], "max": spans[-1]}
    return {**{name: round(value) for name, value in at.items()}, "fills": len(spans)}


def _all_due(accounts: Sequence[int], now: datetime) -> None:
    long_ago = now - timedelta(days=1)
    AccountBudget.objects.filter(account_id__in=accounts).update(snapshot_at=long_ago)
    Reconciliation.objects.filter(account_id__in=accounts).update(asked_at=long_ago)


def _rounds(accounts: Sequence[int], since: datetime) -> float:
    """Seconds that rounds took, from looking who is due to the last comparison's commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(span) FROM (SELECT extract(epoch FROM "
            "max(pg_xact_commit_timestamp(xmin)) - asked_at) AS span "
            "FROM trading_reconciliation WHERE account_id = ANY(%s) AND asked_at > %s "
            "GROUP BY asked_at) rounds",
            [list(accounts), since],
        )
        return float(cursor.fetchone()[0])
