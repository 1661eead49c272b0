"""Which kill switches reach a row: one predicate for orders, copied positions and previews.

The statements name the switch ``k``, the account ``a`` and the subscription ``s``.
"""

from __future__ import annotations

_REACHED = """(k.scope = 'platform'
    OR (k.scope = 'venue' AND k.target = a.venue_id)
    OR (k.scope = 'symbol' AND k.target = {symbol})
    OR (k.scope = 'account' AND k.target = a.id::text)
    OR (k.scope = 'strategy' AND k.target = s.strategy_id::text))"""


def with_reach(statement: str, *, symbol: str) -> str:
    """``statement`` with ``{reached}`` spelled out; ``symbol`` is the column that holds it."""
    return statement.replace("{reached}", _REACHED.replace("{symbol}", symbol))
