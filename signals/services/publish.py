"""Signals: one statement writes them and the rows that others keep beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, LiteralString, NamedTuple

from django.db import transaction

from mimic.core.ids import uuid7s
from mimic.core.prepared import run_on_rows
from mimic.ops.metrics import signals_ingested
from signals.events import SignalPublished
from signals.models import Action, Direction, Strategy
from signals.services.meaning import Held, Ordered

OPEN_VALID_FOR = timedelta(seconds=60)

# Of ``rows``, see :func:`draft_row`. ``taken`` has them with the strategy's defaults beside.
DRAFT_COLUMNS: LiteralString = """signal uuid, symbol text, action text, direction text,
  price numeric, stop_loss_pct numeric, take_profit_pct numeric, risk_pct numeric,
  leverage smallint, close_pct numeric, margin_pct numeric, quantity numeric,
  part_from_pct numeric, part_to_pct numeric, strategy_size numeric, targets jsonb, after bigint,
  comment text, now timestamptz,
  valid_until timestamptz"""
STRATEGY_COLUMNS: LiteralString = """s.id AS strategy_id, s.default_stop_loss_pct,
  s.default_take_profit_pct, s.default_risk_pct, s.default_leverage, s.max_leverage"""
# A master's own trade ends with the master's own close: the strategy's target is not its.
_SIGNAL: LiteralString = """signal AS (INSERT INTO signals_signal
  (id, public_id, strategy_id, inbox_message_id, symbol, action, direction, entry_price,
   stop_loss_pct, take_profit_pct, risk_pct, leverage, close_pct, margin_pct, quantity,
   part_from_pct, part_to_pct, strategy_size, targets, after_id, comment, status, received_at,
   published_at, valid_until)
SELECT mimic_time_id(), signal, strategy_id, message_id, symbol, action, direction, price,
  coalesce(stop_loss_pct, default_stop_loss_pct),
  coalesce(take_profit_pct, CASE WHEN quantity IS NULL THEN default_take_profit_pct END),
  coalesce(risk_pct, default_risk_pct),
  least(coalesce(leverage, default_leverage), max_leverage), close_pct, margin_pct, quantity,
  part_from_pct, part_to_pct, strategy_size, targets, after, comment, """
_PUBLISHED: LiteralString = "'published', now, now"
_WRITTEN: LiteralString = "'received', now, NULL"
_FROM: LiteralString = """, valid_until
FROM taken RETURNING id, public_id, strategy_id, action, received_at)"""
_TAKEN: LiteralString = f"""WITH taken AS (SELECT r.*, {STRATEGY_COLUMNS}
FROM json_to_recordset(%(rows)s) AS r({DRAFT_COLUMNS}, strategy bigint, message_id bigint)
JOIN signals_strategy s ON s.id = r.strategy)"""  # noqa: S608  # nosec B608  # constants alone


class Target(NamedTuple):
    """Where a part is taken: ``pct`` of price away from the entry, ``share`` percent of it all."""

    pct: Decimal
    share: Decimal


@dataclass(frozen=True, slots=True)
class SignalDraft:
    """What a door understood. Percentages are of price; None means: the strategy's default.

    ``close_pct`` of a close is the part of the position that it closes, None for all. ``then`` is
    the other half of a reversal: the open that waits until this close is settled. ``leads`` is an
    order, or a position without the one before it: what it means hangs on what the strategy holds
    (action and direction are a flat strategy's); ``settled``: the alert told both positions.
    ``margin_pct``, ``quantity``, ``part_from_pct``, ``part_to_pct`` and ``strategy_size`` as in the
    signal.
    """

    symbol: str
    action: Action
    direction: Direction
    price: Decimal | None
    risk_pct: Decimal | None
    leverage: int | None
    take_profit_pct: Decimal | None
    stop_loss_pct: Decimal | None
    comment: str
    said_at: datetime | None
    close_pct: Decimal | None = None
    margin_pct: Decimal | None = None
    quantity: Decimal | None = None
    part_from_pct: Decimal | None = None
    part_to_pct: Decimal | None = None
    strategy_size: Decimal | None = None
    targets: tuple[Target, ...] = ()
    leads: Ordered | Held | None = None
    settled: bool = False
    then: SignalDraft | None = None

    def as_json(self) -> dict[str, Any]:
        """What was understood, for the inbox; what was not said is left out."""
        said = ((name, getattr(self, name)) for name in _TOLD)
        row: dict[str, Any] = {name: str(value) for name, value in said if value not in (None, "")}
        if self.targets:
            row["targets"] = self.targets_json()
        if self.leads is not None:
            row["leads"] = " ".join(str(part) for part in self.leads if part is not None)
        return row if self.then is None else {**row, "then": self.then.as_json()}

    def targets_json(self) -> list[dict[str, str]]:
        """As the signal's column keeps them."""
        return [{"pct": str(each.pct), "share": str(each.share)} for each in self.targets]


_TOLD = (
    "symbol", "action", "direction", "price", "risk_pct", "leverage", "take_profit_pct",
    "stop_loss_pct", "comment", "said_at", "close_pct", "margin_pct", "quantity",
    "part_from_pct", "part_to_pct", "strategy_size",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Companion:
    """A row that another app keeps beside each signal: it can never be missing.

    ``statement`` inserts from ``signal`` (id, public_id, strategy_id, action, received_at), within
    the statement that writes the signal. ``told`` is called with each event afterwards.
    """

    statement: LiteralString
    told: Callable[[SignalPublished], None]


_companions: dict[LiteralString, Companion] = {}


def register_companion(name: LiteralString, companion: Companion) -> None:
    """Called once, from an upper app's ``ready``."""
    _companions[name] = companion


@cache
def publishing(taken: LiteralString, *, published: bool = True) -> LiteralString:
    """The statement that publishes what ``taken`` (``WITH … taken AS (…)``) holds.

    Answers id, public id and strategy's id of each signal. Unless ``published`` it is only
    written: nothing is kept beside it, so nobody copies it.
    """
    beside = [f"{name} AS ({each.statement})" for name, each in _companions.items()]
    signal = _SIGNAL + (_PUBLISHED if published else _WRITTEN) + _FROM
    parts = [taken, signal, *(beside if published else [])]
    return ",\n".join(parts) + "\nSELECT id, public_id, strategy_id FROM signal"  # nosec B608  # constants alone


def draft_row(draft: SignalDraft, public_id: str, now: datetime) -> dict[str, Any]:
    """A draft as JSON for :data:`DRAFT_COLUMNS`.

    An open is valid for 60 s from when it was said, if the alert tells, else from its receipt.
    """
    closing = draft.action == Action.CLOSE
    said = min(draft.said_at or now, now)
    return {
        "signal": public_id,
        "symbol": draft.symbol,
        "action": draft.action.value,
        "direction": draft.direction.value,
        "price": _text(draft.price),
        "stop_loss_pct": _text(draft.stop_loss_pct),
        "take_profit_pct": _text(draft.take_profit_pct),
        "risk_pct": _text(draft.risk_pct),
        "leverage": draft.leverage,
        "close_pct": _text(draft.close_pct),
        "margin_pct": _text(draft.margin_pct),
        "quantity": _text(draft.quantity),
        "part_from_pct": _text(draft.part_from_pct),
        "part_to_pct": _text(draft.part_to_pct),
        "strategy_size": _text(draft.strategy_size),
        "targets": draft.targets_json(),
        "comment": draft.comment,
        "now": now.isoformat(),
        "valid_until": None if closing else (said + OPEN_VALID_FOR).isoformat(),
    }


def tell(draft: SignalDraft, *, signal_id: int, strategy_id: int, now: datetime) -> None:
    """Count the signal and tell those who keep a row beside it."""
    signals_ingested.labels(draft.symbol, draft.direction.value).inc()
    event = SignalPublished(signal_id, strategy_id, draft.action == Action.CLOSE, now)
    for companion in _companions.values():
        companion.told(event)


@transaction.atomic
def publish_signal(
    *,
    strategy: Strategy,
    draft: SignalDraft,
    inbox_message_id: int,
    now: datetime,
    after: int | None = None,
    published: bool = True,
) -> int:
    """Operation: write the signal as published, or for a preview; returns its id. ``now`` is its
    receipt time.

    ``after``: the close that it waits for.
    """
    row = draft_row(draft, uuid7s(1)[0], now)
    row |= {"strategy": strategy.pk, "message_id": inbox_message_id, "after": after}
    statement = publishing(_TAKEN, published=published)
    ((signal_id, _, strategy_id),) = run_on_rows(statement, [row], repeatable=False)
    if published:
        tell(draft, signal_id=signal_id, strategy_id=strategy_id, now=now)
    return int(signal_id)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
