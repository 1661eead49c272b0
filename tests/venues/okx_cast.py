"""Who trades at the OKX simulator."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.simulators.okx import OkxSimulator
from tests.simulators.okx.client import SWAP
from tests.venues.swap_cast import NO_ANSWERS, House
from trading.domain.ports import AccountSession, Credentials
from trading.venues.registry import VENUES

POST = "POST /api/v5/trade/order"
VENUE = VENUES["okx"]


def session(number: int, name: str, *, demo: bool = False) -> AccountSession:
    keys = Credentials(f"key-{name}", f"secret-{name}", f"phrase-{name}")
    return AccountSession(number, "okx", keys, demo=demo)


ALICE = session(1, "alice")
HEDGER = session(2, "hedger")
POOR = session(3, "poor")
STRANGER = session(4, "stranger")
PLAYER = session(5, "player", demo=True)
_CAST: Mapping[str, Mapping[str, Any]] = {
    "alice": {},
    "hedger": {"hedge": True, "withdrawals": True, "ips": ""},
    "poor": {"balance": "1"},
    "player": {"demo": True, "withdrawals": True},
}


def accounts() -> list[dict[str, Any]]:
    """As ``POST /_sim/accounts`` wants them; the stranger has none."""
    return [
        {
            "api_key": f"key-{name}",
            "secret": f"secret-{name}",
            "passphrase": f"phrase-{name}",
            "name": name,
            **more,
        }
        for name, more in _CAST.items()
    ]


def inject(okx: OkxSimulator, **fault: Any) -> None:
    okx.command("POST /_sim/inject", {"endpoint": POST, **fault})


def item(**more: str) -> dict[str, Any]:
    """The answer to one order, whose only item says ``more``."""
    told = {"ordId": "7", "clOrdId": "other", "sCode": "0", "sMsg": "", **more}
    return answer("0", [told])


def answer(code: str, data: object = (), message: str = "") -> dict[str, Any]:
    return {"code": code, "msg": message, "data": data}


def _told(status: int, body: object) -> dict[str, Any]:
    return {"action": "status", "status": status, "body": body}


HOUSE = House(
    code="okx",
    symbol=SWAP,
    contract=Decimal("0.01"),
    order=POST,
    cancel="POST /api/v5/trade/cancel-order",
    duplicate="51016",
    wire_id=str,
    unreadable=[
        *NO_ANSWERS,
        _told(200, answer("0")),
        _told(200, answer("1", message="All operations failed")),
        _told(200, item()),
        _told(200, item(ordId="")),
        _told(400, answer("50004")),
        _told(200, item(sCode="50004", sMsg="timeout")),
        _told(429, answer("50013")),
        _told(500, answer("50026")),
        _told(500, answer("51149")),
        _told(503, answer("50001")),
        _told(400, answer("59999")),
        _told(200, item(sCode="54321", sMsg="new")),
        _told(500, answer("51008")),
        _told(429, "<html>slow down</html>"),
    ],
    broken=[answer("50026"), answer("0", None), answer("0", [{"x": "1"}])],
    reads={
        "balance": "GET /api/v5/account/balance",
        "positions": "GET /api/v5/account/positions",
        "open": "GET /api/v5/trade/orders-pending",
        "order": "GET /api/v5/trade/order",
        "fills": "GET /api/v5/trade/fills",
        "quotes": "GET /api/v5/market/tickers",
        "instruments": "GET /api/v5/public/instruments",
    },
    ether="ETH-USDT-SWAP",
    forged=Credentials("key-alice", "another secret", "phrase-alice"),
)
