"""Accounts as gateways see them. Keys are opened here, in the sender's process alone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from mimic.core.bulk import array_of
from trading.domain.ports import AccountSession
from trading.execution.signer import decrypt_many
from trading.execution.ways_out import open_ways
from trading.models import ExchangeAccount
from trading.venues.credentials import key_context

KEPT = 8_192  # opened accounts, about a KiB each

_ROWS = (
    "SELECT id, public_id, venue_id, kind, egress_id, sealed_keys FROM trading_exchangeaccount "
    "WHERE id = ANY(%s::bigint[])"
)


class _Row(NamedTuple):
    account_id: int
    public_id: UUID
    venue: str
    kind: str
    egress: tuple[str, ...]
    sealed_keys: bytes | None


class _Opened:
    """Sessions by the very row they were made of: another key or proxy is another session."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Row, AccountSession] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, rows: Sequence[_Row]) -> dict[int, AccountSession]:
        with self._lock:
            return {row.account_id: self._kept[row] for row in rows if row in self._kept}

    def keep(self, made: Iterable[tuple[_Row, AccountSession]]) -> None:
        with self._lock:
            for row, session in made:
                self._kept[row] = session
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


_opened = _Opened()


def load_sessions(account_ids: Iterable[int]) -> dict[int, AccountSession]:
    """By account id. An account whose keys cannot be opened, or whose way out is closed, is left
    out, so nothing is sent.

    Rows are read each time, keys are opened once. Raises SignerUnavailable in a process without
    master keys if any account has keys.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [array_of(set(account_ids))])
        found = cursor.fetchall()
    ways = open_ways({way for *_, way, _ in found if way is not None})
    rows = [
        _Row(account_id, public_id, venue, kind, ways.get(way, ()), sealed and bytes(sealed))
        for account_id, public_id, venue, kind, way, sealed in found
        if way is None or ways[way]
    ]
    sessions = _opened.known(rows)
    fresh = [row for row in rows if row.account_id not in sessions]
    made = _open(fresh)
    _opened.keep(made)
    return sessions | {row.account_id: session for row, session in made}


def _open(rows: Sequence[_Row]) -> list[tuple[_Row, AccountSession]]:
    keyed = [(row, row.sealed_keys) for row in rows if row.sealed_keys is not None]
    found = decrypt_many([(key_context(row.public_id), keys) for row, keys in keyed])
    opened = {row.account_id: keys for (row, _), keys in zip(keyed, found, strict=True)}
    made = []
    for row in rows:
        credentials = opened.get(row.account_id)
        if credentials is None and row.kind != ExchangeAccount.Kind.PAPER:
            continue
        session = AccountSession(
            account_id=row.account_id,
            venue=row.venue,
            credentials=credentials,
            demo=row.kind == ExchangeAccount.Kind.DEMO,
            egress=row.egress,
        )
        made.append((row, session))
    return made
