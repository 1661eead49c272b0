"""A venue's error table from what ccxt documents about it, read with the greatest caution.

ccxt's classes are made for retries by people; here a wrong "refused" sends an order twice. Codes
count only as exact entries of ccxt's table under a class that means "looked at and turned down",
and never when the venue's text leaves a doubt: ccxt files Binance's -4116, "ClientOrderId is
duplicated", under InvalidOrder, and that order lives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from trading.domain.ports import Outcome
from trading.venues.verdicts import UNPROVEN, Row, VenueError, Verdict
from trading.venues.wire import Reply

_MEANINGS = {
    "InsufficientFunds": ("venue.insufficient_margin", False),
    "BadSymbol": ("venue.bad_symbol", False),
    "InvalidOrder": ("venue.refused", False),
    "OrderImmediatelyFillable": ("venue.not_fillable", False),
    "OrderNotFillable": ("venue.not_fillable", False),
    "OperationRejected": ("venue.refused", False),
    "ContractUnavailable": ("venue.refused", False),
    "MarketClosed": ("venue.refused", False),
    "BadRequest": ("venue.malformed", False),
    "ArgumentsRequired": ("venue.malformed", False),
    "AuthenticationError": ("venue.auth", False),
    "PermissionDenied": ("venue.auth", False),
    "AccountNotEnabled": ("venue.auth", False),
    "AccountSuspended": ("venue.auth", False),
    "InvalidNonce": ("venue.clock", True),
    "RateLimitExceeded": ("venue.rate_limited", True),
}
_ABSENT = "OrderNotFound"
_ANSWERED = range(200, 500)  # many venues refuse inside a 200; a 5xx proves nothing anywhere

_DOUBTS = (
    "duplicat", "already", "exist", "repeat", "timeout", "timed out", "unknown", "processing",
    "internal", "busy", "later", "try again",
)  # fmt: skip
_SUCCESSES = {"", "0", "00000", "200", "200000", "1000", "ok", "success", "true", "none"}
_CODE_KEYS = {
    "code", "retcode", "errcode", "errorcode", "scode", "error", "errors", "label", "status",
    "reason", "result",
}  # fmt: skip
_TEXT_KEYS = {"msg", "message", "retmsg", "errmsg", "errormessage", "smsg", "detail", "error"}
_DEPTH = 3


class Documented:
    """ccxt's word on one venue: ``rows`` for judging, ``absent`` codes of look-ups."""

    def __init__(self, exceptions: Mapping[str, Any] | None) -> None:
        classes = _exact(exceptions or {})
        meant = {code: _MEANINGS[name] for code, name in classes.items() if name in _MEANINGS}
        self.absent = frozenset(code for code, name in classes.items() if name == _ABSENT)
        self.codes = self.absent | meant.keys()
        self.rows = (
            *(
                Row(Verdict(Outcome.REFUSED, ours, again), code, _ANSWERED)
                for code, (ours, again) in meant.items()
            ),
            Row(UNPROVEN),
        )

    def read(self, reply: Reply) -> VenueError:
        """The first documented code of the answer; none when its text leaves a doubt."""
        message = " ".join(_found(reply.json, _TEXT_KEYS)) or reply.body.strip()
        codes = [code for code in _found(reply.json, _CODE_KEYS) if code in self.codes]
        doubtful = any(doubt in message.lower() for doubt in _DOUBTS)
        if not codes or (doubtful and codes[0] not in self.absent):
            return VenueError("", message)
        return VenueError(codes[0], message)


@lru_cache(maxsize=256)
def documented(ccxt_id: str) -> Documented:
    """Imports ccxt, which is loaded already wherever orders are sent."""
    import ccxt.async_support as ccxt

    return Documented(getattr(ccxt, ccxt_id)().exceptions)


def _exact(exceptions: Mapping[str, Any]) -> dict[str, str]:
    """Code to the name of ccxt's class. Binance keeps a table a market, others one flat table.

    A code that two tables read differently says nothing.
    """
    markets = [exceptions.get(market) or {} for market in ("spot", "linear")]
    tables = [exceptions, *(table.get("exact") or {} for table in (exceptions, *markets))]
    found: dict[str, str] = {}
    for table in tables:
        for code, kind in table.items():
            if isinstance(kind, type):
                name = kind.__name__
                found[code] = name if found.get(code, name) == name else ""
    return {code: name for code, name in found.items() if code.lower() not in _SUCCESSES}


def _found(value: Any, keys: set[str], depth: int = 0) -> Iterator[str]:
    """Texts and numbers under any of ``keys``, outer ones first; lists are looked through."""
    if depth > _DEPTH:
        return
    items: list[tuple[str, Any]] = []
    if isinstance(value, Mapping):
        items = [
            (key.lower().replace("_", "").replace("-", ""), each) for key, each in value.items()
        ]
    elif isinstance(value, list):
        items = [("", each) for each in value[:10]]
    for key, each in items:
        for text in each if isinstance(each, list) else [each]:
            if key in keys and isinstance(text, str | int):
                yield str(text)
    for _, each in items:
        if isinstance(each, Mapping | list):
            yield from _found(each, keys, depth + 1)
