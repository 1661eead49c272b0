"""Who trades at the OKX simulator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulators.okx import OkxSimulator
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


def hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)
