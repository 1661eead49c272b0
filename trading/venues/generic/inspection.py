"""What ccxt's unified calls tell about keys: that they work, and no more about their rights."""

from __future__ import annotations

from typing import Any

from trading.domain.keys import KeyReport


async def inspect_unified(client: Any) -> KeyReport:
    """Rights stay unknown. Raises what the client raises when the keys do not work."""
    await client.fetch_balance()
    return KeyReport(hedge=await _hedge(client))


async def _hedge(client: Any) -> bool | None:
    """None where ccxt cannot ask, or asks only for one instrument."""
    if client.has.get("fetchPositionMode") is not True:
        return None
    try:
        return bool((await client.fetch_position_mode())["hedged"])
    except Exception:  # the keys work already; this is only a note
        return None
