"""Who trades at the Coinbase simulator."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.simulators.coinbase import CoinbaseSimulator
from tests.simulators.coinbase.calls import PREFIX
from tests.simulators.coinbase.client import PERP
from tests.simulators.coinbase.keys import Pair, edwards, elliptic
from tests.simulators.coinbase.orders import wire_id
from tests.venues.swap_cast import NO_ANSWERS, House
from trading.domain.ports import AccountSession, Credentials

POST = f"POST {PREFIX}/orders"
PAIRS: Mapping[str, Pair] = {
    "alice": elliptic("alice"),
    "poor": elliptic("poor"),
    "stranger": elliptic("stranger"),
    "modern": edwards("modern"),
    "spender": elliptic("spender"),
}


def session(number: int, name: str) -> AccountSession:
    pair = PAIRS[name]
    return AccountSession(number, "coinbase", Credentials(pair.name, pair.secret))


ALICE = session(1, "alice")
POOR = session(2, "poor")
HEDGER = ALICE  # nobody hedges here
STRANGER = session(3, "stranger")
MODERN = session(4, "modern")
SPENDER = session(5, "spender")
_CAST: Mapping[str, Mapping[str, Any]] = {
    "alice": {},
    "poor": {"balance": "1"},
    "modern": {},
    "spender": {"withdrawals": True, "may_trade": False, "futures": False},
}


def accounts() -> list[dict[str, Any]]:
    """As ``POST /_sim/accounts`` wants them; the stranger has none."""
    return [
        {"api_key": PAIRS[name].name, "secret": PAIRS[name].public, "name": name, **more}
        for name, more in _CAST.items()
    ]


def inject(coinbase: CoinbaseSimulator, **fault: Any) -> None:
    coinbase.command("POST /_sim/inject", {"endpoint": POST, **fault})


def _answer(status: int, body: object) -> dict[str, Any]:
    return {"action": "status", "status": status, "body": body}


def _placed(**told: str) -> dict[str, Any]:
    return {"success": True, "success_response": told}


def declined(**error: str) -> dict[str, Any]:
    """An order that was not taken, with what stands in ``error_response``."""
    return {"success": False, "order_id": "", "error_response": error}


def word(name: str, text: str = "") -> dict[str, Any]:
    return {"error": name, "error_details": text, "message": text}


HOUSE = House(
    code="coinbase",
    symbol=PERP,
    contract=Decimal("0.01"),
    order=POST,
    cancel=f"POST {PREFIX}/orders/batch_cancel",
    duplicate="",
    wire_id=wire_id,
    unreadable=[
        *NO_ANSWERS,
        _answer(200, {"success": True}),
        _answer(200, {"success": True, "success_response": None, "order_id": "7"}),
        _answer(200, _placed(order_id="7", client_order_id="other")),
        _answer(200, _placed(order_id="", client_order_id="mimicT1")),
        _answer(200, {"success": False}),
        _answer(200, declined(error="UNKNOWN_FAILURE_REASON")),
        _answer(200, declined(new_order_failure_reason="DUPLICATE_CLIENT_ORDER_ID")),
        _answer(200, declined(new_order_failure_reason="A_NEW_REASON")),
        _answer(400, word("DEADLINE_EXCEEDED")),
        _answer(400, word("ANOTHER_WORD")),
        _answer(401, "<html>who are you</html>"),
        _answer(409, word("ALREADY_EXISTS")),
        _answer(500, word("INTERNAL")),
        _answer(500, declined(error="INSUFFICIENT_FUND")),
        _answer(503, word("UNAVAILABLE")),
        _answer(502, "<html>bad gateway</html>"),
    ],
    broken=[word("INTERNAL"), {"orders": None}, {"fills": [{"x": "1"}], "orders": [{"x": "1"}]}],
    reads={
        "balance": f"GET {PREFIX}/cfm/balance_summary",
        "positions": f"GET {PREFIX}/cfm/positions",
        "open": f"GET {PREFIX}/orders/historical/batch",
        "order": f"GET {PREFIX}/orders/historical/batch",
        "fills": f"GET {PREFIX}/orders/historical/fills",
        "quotes": f"GET {PREFIX}/market/product_book",
        "instruments": f"GET {PREFIX}/market/products",
    },
    ether="ETP-20DEC30-CDE",
    forged=Credentials(PAIRS["alice"].name, elliptic("thief").secret),
    currency="USD",
    hedges=False,
    skew=150_000,  # ccxt's tokens live for two minutes
    rules=[{"symbol": PERP, "lot": "0.01", "min_size": "0.01", "tick": "0.1"}],
)
"""Finer steps than the venue's own, which are whole contracts at prices five dollars apart."""
