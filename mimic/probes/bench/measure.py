"""One signal through the pipeline, with the clock on every side of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from mimic.probes.bench import usage
from mimic.probes.bench.crowd import refresh_quote
from signals.models import Action, Direction, Signal, Strategy
from signals.services.publish import SignalDraft, publish_signal
from trading.models import SignalFanout

LONGEST = 200.0  # seconds that one run may take
HOPS = 100

# Postgres's own commit times: when a row could be read, whatever clock its writer had.
_TIMES = """
WITH /* bench */ began AS (
    SELECT pg_xact_commit_timestamp(xmin) AS at FROM signals_signal WHERE id = %(id)s),
mine AS (SELECT id, sent_at, acknowledged_at FROM trading_order
          WHERE origin_kind = 'signal' AND origin_id = %(id)s)
SELECT (SELECT at FROM began),
  (SELECT min(decided_at) FROM trading_copyexecution WHERE signal_id = %(id)s),
  (SELECT max(pg_xact_commit_timestamp(xmin)) FROM trading_executionkey
    WHERE signal_id = %(id)s),
  (SELECT min(sent_at) FROM mine),
  (SELECT max(acknowledged_at) FROM mine),
  (SELECT max(pg_xact_commit_timestamp(e.xmin)) FROM trading_orderevent e JOIN mine m
    ON m.id = e.order_id WHERE e.cause = 'acknowledge'),
  (SELECT count(*) FROM mine WHERE acknowledged_at IS NOT NULL)
"""
_ORDERS = """SELECT /* bench */ count(*) FROM trading_order
 WHERE origin_kind = 'signal' AND origin_id = %s AND """
_ANSWERED = _ORDERS + "status IN ('open', 'partially_filled', 'filled', 'rejected', 'expired')"
_BOOKED = _ORDERS + "closed_at IS NOT NULL"
_DECIDED = "SELECT /* bench */ receipts FROM trading_signalfanout WHERE signal_id = %s"


@dataclass(frozen=True, slots=True)
class Run:
    """Milliseconds from the signal's commit: last receipt and order committed, first order
    sent, last answer of the venue, last answer committed, last fill booked. ``cpu_s`` is the
    worker's until the last answer was committed, and so is ``db_ms``, the server's time in
    statements per order; ``db_life_ms`` goes on until the last fill is booked.
    """

    planned_ms: float
    first_sent_ms: float
    last_ack_ms: float
    persisted_ms: float
    booked_ms: float
    cpu_s: float
    db_ms: float
    db_life_ms: float


def one_signal(strategy: Strategy, followers: int, worker: int) -> Run:
    """Publish an open to ``followers`` and wait until each order is answered and booked.

    Raises RuntimeError when not every order was acknowledged: a figure of less is none.
    """
    prepare(strategy)
    processor = usage.cpu_of(worker)
    signal = publish(strategy)
    _wait(signal, _DECIDED, followers)  # a row: counting orders all the while takes a tenth of it
    _wait(signal, _ANSWERED, followers)
    processor, answered = usage.cpu_of(worker) - processor, _statement_ms()
    _wait(signal, _BOOKED, followers)
    booked, life = datetime.now(UTC), _statement_ms()
    began, _, planned, sent, acknowledged, written, count = _times(signal)
    if count != followers:
        raise RuntimeError(f"{count} of {followers} orders were acknowledged")
    return Run(
        planned_ms=_ms(planned - began),
        first_sent_ms=_ms(sent - began),
        last_ack_ms=_ms(acknowledged - began),
        persisted_ms=_ms(written - began),
        booked_ms=_ms(booked - began),
        cpu_s=processor,
        db_ms=answered / followers,
        db_life_ms=life / followers,
    )


def queue_hop(strategy: Strategy, crowd: Strategy | None = None) -> float:
    """p95 in ms of one follower's way from the signal's commit to the start of the decision:
    broker, worker, and taking the fan-out's lease. With ``crowd``, one of whose signals is being
    fanned out at any time.
    """
    taken = []
    for number in range(HOPS):
        if number % 10 == 0:
            prepare(strategy)
        if crowd is not None and _all_decided(crowd):
            prepare(crowd)
            publish(crowd)
        signal = publish(strategy)
        _wait(signal, _DECIDED, 1)
        began, started, *_ = _times(signal)
        taken.append(_ms(started - began))
    return sorted(taken)[HOPS * 95 // 100 - 1]


def _all_decided(strategy: Strategy) -> bool:
    return not SignalFanout.objects.filter(signal__strategy=strategy, done_at=None).exists()


def prepare(strategy: Strategy) -> None:
    """Quotes and snapshots as the stream process keeps them, and the meter at zero."""
    now = datetime.now(UTC)
    refresh_quote(now)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_accountbudget b SET snapshot_at = %s, margin_cap = b.equity "
            "FROM trading_copysubscription s "
            "WHERE s.account_id = b.account_id AND s.strategy_id = %s",
            [now, strategy.pk],
        )
        cursor.execute("SELECT pg_stat_statements_reset()")


def publish(strategy: Strategy) -> Signal:
    draft = SignalDraft(
        "BTCUSDT", Action.OPEN, Direction.LONG, None, None, 5, None, Decimal(2), "", None
    )
    with transaction.atomic(durable=True):
        made = publish_signal(
            strategy=strategy, draft=draft, inbox_message_id=0, now=datetime.now(UTC)
        )
    return Signal.objects.get(pk=made)


def _times(signal: Signal) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_TIMES, {"id": signal.pk})
        found: tuple[Any, ...] = cursor.fetchone()
        return found


def _wait(signal: Signal, question: str, expected: int) -> None:
    """Asks seldom: the asking costs the machine too, and the times come from the rows.

    Keeps the quote fresh meanwhile, as the stream process would.
    """
    quoted = time.monotonic()
    limit, found = quoted + LONGEST, 0
    while time.monotonic() < limit:
        with connection.cursor() as cursor:
            cursor.execute(question, [signal.pk])
            found = cursor.fetchone()[0]
        if found >= expected:
            return
        if time.monotonic() > quoted + 1:
            quoted = time.monotonic()
            refresh_quote(datetime.now(UTC))
        time.sleep(0.1 if expected > 1 else 0.01)
    raise TimeoutError(f"{found} of {expected} after {LONGEST:.0f} s: {question}")


def _statement_ms() -> float:
    """Planning and executing of all statements but the measuring process's own."""
    return sum(each[0] for each in statements())


def statements() -> list[tuple[float, int, str]]:
    """(ms, calls, text) since the last signal, the dearest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT /* bench */ total_exec_time + total_plan_time AS ms, calls, query "
            "FROM pg_stat_statements WHERE query NOT LIKE '%/* bench */%' ORDER BY ms DESC"
        )
        rows: list[Any] = cursor.fetchall()
    return [(float(ms), calls, text) for ms, calls, text in rows]


def _ms(span: timedelta) -> float:
    return span.total_seconds() * 1000
