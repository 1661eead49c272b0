"""One signal through the pipeline, with the clock on every side of it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F, Max

from mimic.probes.bench.crowd import a_quote
from signals.models import Action, Direction, Strategy
from signals.services.publish import SignalDraft, publish_signal
from trading.models import CopyExecution, Order, OrderEvent

SETTLED = ("open", "partially_filled", "filled", "rejected", "expired")
LONGEST = 120.0  # seconds that one run may take


@dataclass(frozen=True, slots=True)
class Run:
    """Milliseconds from the signal's commit; ``db_ms_per_order`` is Postgres's own execution time
    (pg_stat_statements) over the run, divided by its orders."""

    orders: int
    decided_ms: int
    last_ack_ms: int
    persisted_ms: int
    cpu_s: float
    db_ms_per_order: float


def one_signal(strategy: Strategy, followers: int, workers: list[int]) -> Run:
    """Publish an open to ``followers`` and wait until each order is acknowledged or refused."""
    now = datetime.now(UTC)
    a_quote(now)
    strategy_accounts_are_fresh(strategy, now)
    _reset_statements()
    cpu = _cpu(workers)
    draft = SignalDraft(
        "BTCUSDT", Action.OPEN, Direction.LONG, None, None, 5, None, Decimal(2), "", None
    )
    with transaction.atomic(durable=True):
        signal = publish_signal(
            strategy=strategy, draft=draft, inbox_message_id=0, now=datetime.now(UTC)
        )
    committed = datetime.now(UTC)
    orders = Order.objects.filter(origin_kind="signal", origin_id=signal.pk)
    limit = time.monotonic() + LONGEST
    while orders.filter(status__in=SETTLED).count() < followers:
        if time.monotonic() > limit:
            raise TimeoutError(f"{orders.filter(status__in=SETTLED).count()} of {followers}")
        time.sleep(0.05)
    receipts = CopyExecution.objects.filter(signal=signal)
    decided = receipts.aggregate(at=Max(F("decided_at")))["at"]
    acknowledged = receipts.aggregate(at=Max(F("acknowledged_at")))["at"]
    written = OrderEvent.objects.filter(
        order_id__in=orders.values("pk"), cause__in=("acknowledge", "refuse")
    ).aggregate(at=Max("at"))["at"]
    run = Run(
        orders=followers,
        decided_ms=_ms(committed, decided),
        last_ack_ms=_ms(committed, acknowledged),
        persisted_ms=_ms(committed, written),
        cpu_s=round(_cpu(workers) - cpu, 2),
        db_ms_per_order=round(_statement_ms() / followers, 4),
    )
    _settle_down(orders)
    return run


def strategy_accounts_are_fresh(strategy: Strategy, now: datetime) -> None:
    """Snapshots as the stream process would keep them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_accountbudget b SET snapshot_at = %s FROM trading_copysubscription s "
            "WHERE s.account_id = b.account_id AND s.strategy_id = %s",
            [now, strategy.pk],
        )


def _settle_down(orders: object) -> None:
    """Fills are still being collected: the next run must not share the machine with them."""
    limit = time.monotonic() + LONGEST
    while orders.filter(closed_at=None).exists() and time.monotonic() < limit:  # type: ignore[attr-defined]
        time.sleep(0.1)


def _reset_statements() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_statements_reset()")


def _statement_ms() -> float:
    """All but the measuring process's own polling."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(total_exec_time + total_plan_time), 0) FROM pg_stat_statements "
            "WHERE query NOT LIKE '%%count(%%' AND query NOT ILIKE '%%max(%%'"
        )
        return float(cursor.fetchone()[0])


def _cpu(pids: list[int]) -> float:
    """Seconds of CPU that these processes and their children have used (proc(5), stat)."""
    wanted, total = set(pids), 0
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(folder.name) in wanted or int(fields[1]) in wanted:
            wanted.add(int(folder.name))
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def _ms(since: datetime, until: datetime) -> int:
    return round((until - since).total_seconds() * 1000)
