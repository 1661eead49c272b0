"""What really happened: the append-only record that tests judge the platform by.

``entries`` are facts of the engine (accepted orders, fills, ends); ``attempts`` are the order
requests as they arrived, whatever became of them, so that a client id sent twice shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True, frozen=True)
class Arrival:
    """When (venue ms) and over which connection (client ``ip:port``) a request came in."""

    received_at: int
    connection: str


HOUSE = Arrival(0, "venue")
"""Stands for the venue acting by itself: triggers, resting fills."""


@dataclass(slots=True, frozen=True)
class Entry:
    """``kind``: accepted, fill, cancelled, expired, algo_accepted, algo_triggered, algo_cancelled.

    ``received_at`` is the request's arrival, ``at`` the moment of the fact (both venue ms);
    ``quantity`` is the order's for accepted, the traded one for a fill, the rest for an end.
    """

    seq: int
    kind: str
    account: str
    symbol: str
    client_id: str
    order_id: int
    side: str
    position_side: str
    quantity: Decimal
    price: Decimal
    reduce_only: bool
    trade_id: int
    fee: Decimal
    received_at: int
    at: int
    connection: str


@dataclass(slots=True, frozen=True)
class Attempt:
    """One order request: ``outcome`` is ``accepted``, a refusal's code, or ``fault:<action>``."""

    account: str
    client_id: str
    symbol: str
    outcome: str
    received_at: int
    connection: str


@dataclass(slots=True)
class Ledger:
    entries: list[Entry] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    def add(
        self, kind: str, order: Any, quantity: Decimal, price: Decimal, at: int, arrival: Arrival,
        *, trade_id: int = 0, fee: Decimal = Decimal(0),
    ) -> None:  # fmt: skip
        """Appends a fact about ``order`` (a normal or an algo order: same identifying fields)."""
        self.entries.append(
            Entry(
                len(self.entries) + 1, kind, order.account.name, order.symbol, order.client_id,
                order.order_id, order.side, order.position_side, quantity, price,
                order.reduce_only, trade_id, fee, arrival.received_at, at, arrival.connection,
            )
        )  # fmt: skip

    def attempt(
        self, account: str, client_id: str, symbol: str, outcome: str, arrival: Arrival
    ) -> None:
        self.attempts.append(
            Attempt(account, client_id, symbol, outcome, arrival.received_at, arrival.connection)
        )

    def of(self, kind: str, *, client_id: str = "", account: str = "") -> list[Entry]:
        """Entries of one kind, narrowed to a client id and an account when given."""
        return [
            entry
            for entry in self.entries
            if entry.kind == kind
            and (not client_id or entry.client_id == client_id)
            and (not account or entry.account == account)
        ]

    def executed(self, client_id: str, account: str = "") -> Decimal:
        """Total quantity filled under a client id."""
        fills = self.of("fill", client_id=client_id, account=account)
        return sum((entry.quantity for entry in fills), Decimal(0))

    def summary(self) -> dict[str, int]:
        """Number of entries by kind, plus ``attempts``."""
        counts = {"attempts": len(self.attempts)}
        for entry in self.entries:
            counts[entry.kind] = counts.get(entry.kind, 0) + 1
        return counts


def rows(records: Iterable[Entry | Attempt]) -> list[Json]:
    """Records as JSON objects, decimals as text."""
    return [
        {
            name: format(value, "f") if isinstance(value, Decimal) else value
            for name in record.__slots__
            for value in (getattr(record, name),)
        }
        for record in records
    ]


def told(ledger: Ledger, query: Mapping[str, Any]) -> Json:
    """What was asked for: ``since`` (entry seq), ``kind``, ``client_id``, ``account``, ``summary``.

    An attempt has no kind.
    """
    if query.get("summary"):
        return dict(ledger.summary())
    names = {name: query[name] for name in ("client_id", "account") if name in query}
    entries = [
        entry
        for entry in ledger.entries[int(query.get("since", 0)) :]
        if query.get("kind") in (None, entry.kind)
        and all(getattr(entry, name) == value for name, value in names.items())
    ]
    attempts = [
        attempt
        for attempt in ledger.attempts
        if all(getattr(attempt, name) == value for name, value in names.items())
    ]
    return {"entries": rows(entries), "attempts": rows(attempts)}
