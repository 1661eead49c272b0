"""Who trades at the Upbit simulator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulators.upbit import UpbitSimulator
from trading.domain.ports import AccountSession, Credentials

POST = "POST /v1/orders"


def session(number: int, name: str) -> AccountSession:
    return AccountSession(number, "upbit", Credentials(f"key-{name}", f"secret-{name}"))


ALICE = session(1, "alice")
POOR = session(2, "poor")
STRANGER = session(3, "stranger")
VIEWER = session(4, "viewer")
_CAST: Mapping[str, Mapping[str, Any]] = {
    "alice": {},
    "poor": {"balance": "10000"},
    "viewer": {"may_trade": False},
}


def accounts() -> list[dict[str, Any]]:
    """As ``POST /_sim/accounts`` wants them; the stranger has none."""
    return [
        {"api_key": f"key-{name}", "secret": f"secret-{name}", "name": name, **more}
        for name, more in _CAST.items()
    ]


def inject(upbit: UpbitSimulator, **fault: Any) -> None:
    upbit.command("POST /_sim/inject", {"endpoint": POST, **fault})


def told(name: str) -> dict[str, Any]:
    """A refusal of the venue's."""
    return {"error": {"name": name, "message": name}}
