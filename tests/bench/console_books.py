"""A platform's books after a busy year, written by the database itself.

Ten strategies, each copied by the same people all year; every signal gives each of them an order,
with its attempt, event and fill. The newest signals have receipts and trades too: receipts leave
with their months, and a quarter of these people skip. Ids are times, as real ones are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mimic.core.partitions import ensure_partitions
from mimic.probes.bench.crowd import a_crowd, a_market
from signals.models import Signal, Strategy

STRATEGIES, MOST_FOLLOWERS = 10, 1_000
PATHS = 5_000
"""Orders to each follower of a strategy, until there are ``MOST_FOLLOWERS``."""
BATCH = 500_000
YEAR, BUSY = timedelta(days=365), timedelta(minutes=55)
SIGNALS_A_BUSY_HOUR = 20
ALERTS_A_SIGNAL = 20
LOADED = (
    "trading_order", "trading_orderattempt", "trading_orderevent", "trading_fill",
    "trading_copyexecution", "trading_trade", "signals_inboxmessage",
)  # fmt: skip

_SIGNALS = """
CREATE TEMP TABLE told ON COMMIT DROP AS
SELECT n, strategy.id AS strategy_id, 'C' || lpad((n * 7 %% 20)::text, 2, '0') || 'USDT' AS symbol,
    n / %(strategies)s %% 2 = 0 AS opens, CASE WHEN n %% 3 = 0 THEN 'short' ELSE 'long' END AS way,
    (mimic_bench_id(at) + n %% 4194304) AS id, at
  FROM (SELECT n, %(begin)s::timestamptz + (%(end)s::timestamptz - %(begin)s::timestamptz)
            * ((n - %(first)s)::float8 / %(count)s) AS at
          FROM generate_series(%(first)s, %(first)s + %(count)s - 1) n) moments
  JOIN unnest(%(ids)s::bigint[]) WITH ORDINALITY AS strategy (id, place)
    ON place = 1 + n %% %(strategies)s;
INSERT INTO signals_signal (id, public_id, strategy_id, symbol, action, direction, risk_pct,
    stop_loss_pct, take_profit_pct, leverage, targets, comment, status, received_at, published_at)
SELECT id, uuidv7(at - clock_timestamp()), strategy_id, symbol,
    CASE WHEN opens THEN 'open' ELSE 'close' END, way, 2, 2, 5, 5,
    '[]', '', 'published', at, at FROM told;
INSERT INTO trading_signalfanout (signal_id, closing, done_at, fence, receipts, created_at)
SELECT id, NOT opens, at + interval '2 seconds', 1, %(followers)s, at FROM told;
INSERT INTO signals_inboxmessage (id, public_id, strategy_id, door, body, content_type,
    remote_address, verdict, code, reason, duplicates, received_at)
SELECT id + e, uuidv7(at - clock_timestamp()), strategy_id, 'tradingview',
    repeat('{"action": "buy"}', 20), 'application/json', '203.0.113.7',
    CASE WHEN e = 0 THEN 'accepted' ELSE 'refused' END,
    CASE WHEN e = 0 THEN '' ELSE 'unreadable' END, '', 0, at
  FROM told, generate_series(0, %(alerts)s - 1) e;
"""
_COPIED = """
CREATE TEMP TABLE copied ON COMMIT DROP AS
SELECT told.*, copy.id AS copy_id, account_id, user_id, rank, strewn,
    mimic_bench_id(at + rank * interval '1 millisecond') + rank AS order_id,
    CASE WHEN strewn < 15 THEN 'rejected' WHEN strewn = 15 THEN 'expired'
         WHEN strewn < 19 THEN 'cancelled' WHEN NOT %(busy)s THEN 'filled'
         WHEN strewn < 24 THEN 'unknown' WHEN strewn < 26 THEN 'needs_person'
         WHEN strewn < 40 THEN 'open' ELSE 'filled' END AS status,
    0.01 + strewn * 0.001 AS quantity, 90 + strewn * 0.02 AS price
  FROM told
  JOIN (SELECT *, row_number() OVER (PARTITION BY strategy_id ORDER BY id) AS rank
          FROM trading_copysubscription) copy USING (strategy_id),
  LATERAL (SELECT (n * 7919 + rank * 104729) %% 1000 AS strewn) chance;
"""
_ORDERS = """
INSERT INTO trading_order (id, public_id, origin_kind, origin_id, leg, account_id, execution_id,
    subscription_id, route, symbol, side, position_side, reduce_only, quantity, leverage,
    margin_reserved, status, code, message, filled, average_price, rank, attempts, fence, due_at,
    created_at, sent_at, acknowledged_at, closed_at)
SELECT order_id, uuidv7(at - clock_timestamp()), 'signal', id, 0, account_id,
    CASE WHEN %(receipts)s THEN order_id END,
    copy_id, 'paper', symbol, CASE WHEN opens = (way = 'long') THEN 'buy' ELSE 'sell' END, 'both',
    NOT opens, quantity, 5, 0, status,
    CASE WHEN status = 'rejected' THEN 'venue.insufficient_margin' ELSE '' END, '',
    CASE WHEN status = 'filled' THEN quantity ELSE 0 END,
    CASE WHEN status = 'filled' THEN price END, rank, 1, 1,
    CASE WHEN status IN ('unknown', 'open') THEN at END, at, at + interval '200 ms',
    CASE WHEN status <> 'unknown' THEN at + interval '300 ms' END,
    CASE WHEN status IN ('filled', 'rejected', 'cancelled', 'expired') THEN at + interval '1 s' END
  FROM copied WHERE NOT %(receipts)s OR rank %% 4 > 0 ORDER BY order_id;
INSERT INTO trading_orderattempt (id, order_id, number, client_id, outcome, fence, claimed_at,
    sent_at, answered_at, venue_order_id, venue_code, message, reported_filled, lookups)
SELECT id, id, 1, 'm' || lpad(to_hex(id), 20, '0'),
    CASE status WHEN 'rejected' THEN 'refused' WHEN 'unknown' THEN 'unknown' ELSE 'confirmed' END,
    1, created_at, sent_at, acknowledged_at, 'v' || id,
    CASE WHEN status = 'rejected' THEN '-2019' ELSE '' END, '', filled, 0
  FROM trading_order WHERE id BETWEEN %(low)s AND %(high)s
   AND id IN (SELECT order_id FROM copied) ORDER BY id;
INSERT INTO trading_orderevent (id, order_id, was, became, cause, code, at)
SELECT id, id, 'sending', status, CASE status WHEN 'filled' THEN 'complete'
        WHEN 'rejected' THEN 'refuse' WHEN 'expired' THEN 'expire' WHEN 'cancelled' THEN 'cancel'
        WHEN 'needs_person' THEN 'give_up' ELSE 'acknowledge' END,
    code, acknowledged_at FROM trading_order
 WHERE id BETWEEN %(low)s AND %(high)s
   AND id IN (SELECT order_id FROM copied) AND acknowledged_at IS NOT NULL ORDER BY id;
INSERT INTO trading_fill (id, account_id, order_id, symbol, trade_id, side, quantity, price, fee,
    fee_currency, at)
SELECT id, account_id, id, symbol, 't' || id, side, filled, average_price,
    filled * average_price * 0.0005, 'USDT', closed_at FROM trading_order
 WHERE id BETWEEN %(low)s AND %(high)s
   AND id IN (SELECT order_id FROM copied) AND status = 'filled' ORDER BY id;
"""
_RECEIPTS = """
INSERT INTO trading_copyexecution (id, public_id, signal_id, subscription_id, account_id, user_id,
    outcome, code, venue_message, quantity, leverage, inputs, steps, rank, received_at, decided_at,
    sent_at, acknowledged_at)
SELECT order_id, uuidv7(at - clock_timestamp()), id, copy_id, account_id, user_id,
    CASE WHEN rank %% 4 = 0 THEN 'skipped' WHEN status = 'rejected' THEN 'refused'
         WHEN status IN ('unknown', 'needs_person') THEN 'unknown' ELSE 'executed' END,
    CASE WHEN rank %% 4 = 0 THEN (ARRAY['max_open', 'stale_account', 'no_free_margin',
            'below_min_notional'])[1 + strewn %% 4]
         WHEN status IN ('unknown', 'needs_person') THEN 'outcome_unknown' ELSE 'executed' END,
    '', CASE WHEN rank %% 4 > 0 THEN quantity END, 5,
    '{"bid": "99.9", "ask": "100.1", "equity": "10000", "sizing": "equity_pct",
      "settings_version": "1", "allocation_pct": "100", "free_margin": "9000"}',
    '[{"name": "size", "after": "5.0000", "formula": "10000 × 5 %% × 1 ÷ 100"},
      {"name": "rounding", "before": "5.0000", "after": "5", "limit": "0.001"}]',
    rank, at, at + interval '100 ms', CASE WHEN rank %% 4 > 0 THEN at + interval '200 ms' END,
    CASE WHEN rank %% 4 > 0 AND status <> 'unknown' THEN at + strewn * interval '1 ms' END
  FROM copied ORDER BY order_id;
INSERT INTO trading_trade (id, closed_by, public_id, account_id, subscription_id, symbol, side,
    quantity, entry_price, exit_price, profit, fees, opened_at, closed_at)
SELECT order_id, order_id, uuidv7(at - clock_timestamp()), account_id, copy_id, symbol, way,
    quantity, 100, price, (price - 100) * quantity, quantity * 0.1, at - interval '2 hours', at
  FROM copied WHERE NOT opens AND status = 'filled' AND rank %% 4 > 0 ORDER BY order_id;
"""
_POSITIONS = """
INSERT INTO trading_position (public_id, account_id, symbol, position_side, quantity, entry_price,
    leverage, realised, fees, open_fees, opened_at, updated_at, last_trade_id)
SELECT uuidv7(), id, 'C' || lpad(e::text, 2, '0') || 'USDT', 'both', (id + e) %% 3, 100, 5, 12.5, 1,
    0.5, now(), now(), '' FROM trading_exchangeaccount, generate_series(0, 4) e;
INSERT INTO trading_virtualposition (subscription_id, symbol, quantity, entry_price, leverage,
    opened_at, updated_at)
SELECT id, 'C' || lpad(e::text, 2, '0') || 'USDT', (account_id + e) %% 3, 100, 5, now(), now()
  FROM trading_copysubscription, generate_series(0, 4) e;
"""
_ID = """
CREATE OR REPLACE FUNCTION mimic_bench_id(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT (extract(epoch FROM at) * 1000 - 1704067200000)::bigint << 22 $$
"""
_INDEXES = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
              pg_get_constraintdef(oid))
  FROM pg_constraint WHERE conrelid = ANY (%(tables)s::regclass[]) AND contype = 'u'
UNION ALL
SELECT format('DROP INDEX %%s', indexrelid::regclass),
       replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
  FROM pg_index WHERE indrelid = ANY (%(tables)s::regclass[])
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


@dataclass(frozen=True, slots=True)
class Size:
    """``receipts`` are those of the newest signals; three of four gave an order."""

    orders: int
    receipts: int

    @property
    def followers(self) -> int:
        """Of each strategy."""
        return max(5, min(MOST_FOLLOWERS, self.orders // PATHS))

    @property
    def signals(self) -> tuple[int, int]:
        """Those whose receipts are gone, and those that have them."""
        ordered = self.receipts * 3 // 4
        return (self.orders - ordered) // self.followers, self.receipts // self.followers


def a_busy_year(size: Size, now: datetime) -> None:
    """Everything but the last hour; an empty database becomes one of that size."""
    ensure_partitions(now=now - YEAR - timedelta(days=31), months=16)
    a_market(now)
    for _ in range(STRATEGIES):
        a_crowd(followers=size.followers, on_wire=False, venue="", now=now)
    older, newer = size.signals
    begin, end = now - YEAR, now - timedelta(hours=1)
    split = begin + (end - begin) * older / (older + newer)
    with _without_indexes():
        _copied(older, begin, split, receipts=False)
        _copied(newer, split, end, receipts=True)
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, {})
        cursor.execute("VACUUM ANALYZE")


def a_busy_hour(now: datetime, signals: int = SIGNALS_A_BUSY_HOUR) -> None:
    """Its orders are not all done: one of 200 is unknown, others are open or wait for a person."""
    _copied(signals, now - BUSY, now, receipts=True, busy=True)


def rows_of_tables() -> dict[str, int]:
    """As the planner knows them."""
    with connection.cursor() as cursor:
        return {name: _planned_rows(cursor, name) for name in LOADED}


def _copied(
    signals: int, begin: datetime, end: datetime, *, receipts: bool, busy: bool = False
) -> None:
    """That many signals and all that became of them, at even distances, in batches."""
    ids = list(Strategy.objects.order_by("pk").values_list("pk", flat=True))
    followers = max(1, Strategy.objects.get(pk=ids[0]).subscriptions.count())
    step, at, done = max(1, BATCH // followers), begin, 0
    while done < signals:
        count = min(step, signals - done)
        until = begin + (end - begin) * (done + count) / signals
        _batch(
            {
                "first": Signal.objects.count(), "count": count, "begin": at, "end": until,
                "ids": ids, "strategies": len(ids), "followers": followers, "receipts": receipts,
                "busy": busy, "alerts": ALERTS_A_SIGNAL,
            }
        )  # fmt: skip
        at, done = until, done + count


@transaction.atomic
def _batch(values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ID)
        for statement in (_SIGNALS + _COPIED).split(";\n")[:-1]:
            cursor.execute(statement, values)
        cursor.execute("ANALYZE copied")
        cursor.execute("SELECT min(order_id), max(order_id) FROM copied")
        low, high = cursor.fetchone()
        what = _ORDERS + (_RECEIPTS if values["receipts"] else "")
        for statement in what.split(";\n")[:-1]:
            cursor.execute(statement, values | {"low": low, "high": high})


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Sorting once at the end is far cheaper; keys stay, since ids are written in their order."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, {"tables": list(LOADED)})
        found = cursor.fetchall()
        for drop, _make in found:
            cursor.execute(drop)
        yield
        for _drop, make in found:
            cursor.execute(make)


def _planned_rows(cursor: CursorWrapper, table: str) -> int:
    cursor.execute(
        "SELECT sum(greatest(reltuples, 0))::bigint FROM pg_class WHERE relkind = 'r' AND (oid = "
        "%(table)s::regclass OR oid IN (SELECT relid FROM pg_partition_tree(%(table)s::regclass)))",
        {"table": table},
    )
    return int(cursor.fetchone()[0])
