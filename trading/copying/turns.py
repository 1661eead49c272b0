"""Whose turn it is: a follower's opens and closes of one strategy and symbol in their order.

A close waits for the opens before it and for what becomes of them, an open for the closes before
it. They wait for each follower apart: one whose order is in doubt for minutes holds back nobody
else. Opens do not wait for opens, nor closes for closes: accounts' locks suffice.
"""

from __future__ import annotations

from django.db import connection

from signals.models import Action, Signal
from trading.copying.followers import FOLLOWING, OPENING
from trading.models import SignalFanout

_WITHOUT_RECEIPT = """
SELECT s.id FROM trading_copysubscription s, unnest(%s::bigint[]) AS earlier(signal_id)
 WHERE s.strategy_id = %s AND s.status = ANY(%s) AND NOT EXISTS (
    SELECT FROM trading_executionkey k
     WHERE k.signal_id = earlier.signal_id AND k.subscription_id = s.id)
"""


def held_back(signal: Signal) -> set[int]:
    """Subscriptions that an earlier signal of the same strategy and symbol is not decided for."""
    closing = signal.action == Action.CLOSE
    unfinished = SignalFanout.objects.filter(
        done_at=None,
        closing=not closing,
        signal_id__lt=signal.pk,
        signal__strategy_id=signal.strategy_id,
        signal__symbol=signal.symbol,
    )
    earlier = list(unfinished.values_list("signal_id", flat=True))
    if not earlier:
        return set()
    concerned = OPENING if closing else FOLLOWING  # by the earlier ones
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT_RECEIPT, [earlier, signal.strategy_id, list(concerned)])
        return {row[0] for row in cursor.fetchall()}
