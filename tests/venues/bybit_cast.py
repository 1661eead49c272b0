"""Who trades at the Bybit simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp

from tests.simulators.bybit import BybitSimulator
from tests.simulators.bybit.client import SYMBOL, SignedClient
from tests.simulators.bybit.orders import wire_id
from tests.venues.swap_cast import NO_ANSWERS, House
from trading.domain.ports import AccountSession, Credentials
from trading.venues.registry import VENUES

POST = "POST /v5/order/create"
VENUE = VENUES["bybit"]


def session(number: int, name: str, *, demo: bool = False) -> AccountSession:
    return AccountSession(number, "bybit", Credentials(f"key-{name}", f"secret-{name}"), demo=demo)


ALICE = session(1, "alice")
HEDGER = session(2, "hedger")
POOR = session(3, "poor")
STRANGER = session(4, "stranger")
PLAYER = session(5, "player", demo=True)
_CAST: Mapping[str, Mapping[str, Any]] = {
    "alice": {},
    "hedger": {"hedge": True, "withdrawals": True, "ips": ""},
    "poor": {"balance": "1"},
    "player": {"withdrawals": True},
}


def accounts() -> list[dict[str, Any]]:
    """As ``POST /_sim/accounts`` wants them; the stranger has none."""
    return [
        {"api_key": f"key-{name}", "secret": f"secret-{name}", "name": name, **more}
        for name, more in _CAST.items()
    ]


def inject(bybit: BybitSimulator, **fault: Any) -> None:
    bybit.command("POST /_sim/inject", {"endpoint": POST, **fault})


def told(code: int, message: str = "", **result: object) -> dict[str, Any]:
    """An envelope with a code of the venue's."""
    return {"retCode": code, "retMsg": message, "result": result, "retExtInfo": {}, "time": 1}


def _answer(status: int, body: object) -> dict[str, Any]:
    return {"action": "status", "status": status, "body": body}


HOUSE = House(
    code="bybit",
    symbol=SYMBOL,
    contract=Decimal(1),
    order=POST,
    cancel="POST /v5/order/cancel",
    duplicate="110072",
    wire_id=wire_id,
    unreadable=[
        *NO_ANSWERS,
        _answer(200, '{"retCode":0,"retMsg":"OK","result":null}'),
        _answer(200, told(0)),
        _answer(200, told(0, orderId="7", orderLinkId="other")),
        _answer(200, told(0, orderId="", orderLinkId="mimicT1")),
        _answer(200, told(10000, "Server Timeout")),
        _answer(200, told(10014, "Invalid duplicate request.")),
        _answer(200, told(10016, "Server error.")),
        _answer(200, told(429, "high server load")),
        _answer(200, told(110079, "The order is processing")),
        _answer(200, told(-1, "request expired: o@0, now[] diff[]")),
        _answer(200, told(199_999, "new")),
        _answer(500, told(110007)),
        _answer(503, told(10016, "Server error.")),
        _answer(429, told(10000, "Server Timeout")),
        _answer(400, told(199_999, "new")),
        _answer(502, "<html>bad gateway</html>"),
    ],
    broken=[told(10016), told(0), told(0, list=None), told(0, list=[{"x": "1"}])],
    reads={
        "balance": "GET /v5/account/wallet-balance",
        "positions": "GET /v5/position/list",
        "open": "GET /v5/order/realtime",
        "order": "GET /v5/order/history",
        "fills": "GET /v5/execution/list",
        "quotes": "GET /v5/market/tickers",
        "instruments": "GET /v5/market/instruments-info",
    },
    ether="ETHUSDT",
    forged=Credentials("key-alice", "another secret"),
)


LISTED: list[dict[str, Any]] = [
    {"api_key": "key", "secret": "secret", "name": "trader"},
    {"api_key": "hedger", "secret": "secret", "hedge": True},
    {"api_key": "poor", "secret": "secret", "balance": "1"},
    {"api_key": "reader", "secret": "secret", "read_only": True},
    {"api_key": "classic", "secret": "secret", "unified": False},
]
"""Accounts of those who speak to the simulator without a gateway."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A simulator in the test's own event loop, spoken to by hand."""

    simulator: BybitSimulator
    session: aiohttp.ClientSession

    def client(self, key: str = "key", secret: str = "secret") -> SignedClient:
        return SignedClient(self.session, self.simulator.base_url, key, secret)

    def inject(self, **told: Any) -> None:
        self.simulator.command("POST /_sim/inject", told)


def limit(price: str = "59000", **more: object) -> dict[str, Any]:
    return {"orderType": "Limit", "price": price, **more}


async def the_order(client: SignedClient, client_id: str, path: str = "/v5/order/realtime") -> Any:
    """The one order of that id. Raises ValueError for none or several."""
    answer = await client.get(path, category="linear", orderLinkId=client_id)
    (order,) = answer["result"]["list"]
    return order
