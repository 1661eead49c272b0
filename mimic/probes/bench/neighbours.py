"""Whether a venue that hangs is felt by orders to another one."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from statistics import median
from urllib.request import Request, urlopen

from django.db import connection

from mimic.probes.bench.crowd import VENUE, a_crowd, a_market, join
from mimic.probes.bench.measure import prepare, publish
from signals.models import Strategy

NEIGHBOUR = "okx"
FOLLOWERS = 300  # at each of the two
HANGS_MS = 8_000  # below the client's timeout: the orders stay out all that time
PAIRS = 3
LONGEST = 60.0  # seconds

_MEDIAN = """
SELECT /* bench */ count(*) FILTER (WHERE acknowledged_at IS NULL),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM acknowledged_at - created_at))
  FROM trading_order WHERE origin_kind = 'signal' AND origin_id = %s AND route = ANY(%s)
"""


def slow_venue(address: str, neighbour: str) -> dict[str, float]:
    """Median ms from the decision to the answer at one venue, while the other hangs and not."""
    a_market(datetime.now(UTC), NEIGHBOUR)
    without, hanging = [], []
    for _ in range(PAIRS):
        strategy = _crowd(address, neighbour)
        without.append(_median_ms(strategy))
        _post(f"{neighbour}/_sim/inject", "POST", _script())
        hanging.append(_median_ms(strategy))
        _post(f"{neighbour}/_sim/inject", "DELETE", {})
    return {
        "p50_ms_with": round(median(hanging), 1),
        "p50_ms_without": round(median(without), 1),
        "ratio": round(median(a / b for a, b in zip(hanging, without, strict=True)), 2),
    }


def _crowd(address: str, neighbour: str) -> Strategy:
    now = datetime.now(UTC)
    strategy = a_crowd(followers=FOLLOWERS, on_wire=True, venue=address, now=now)
    join(strategy, followers=FOLLOWERS, on_wire=True, address=neighbour, now=now, venue=NEIGHBOUR)
    return strategy


def _script() -> dict[str, object]:
    return {
        "endpoint": "POST /api/v5/trade/order",
        "action": "delay",
        "when": "after_accept",
        "ms": HANGS_MS,
        "count": 0,
    }


def _median_ms(strategy: Strategy) -> float:
    """Waits until every order of both venues is answered."""
    prepare(strategy)
    signal = publish(strategy)
    limit = time.monotonic() + LONGEST
    while _answered(signal.pk, [VENUE, NEIGHBOUR])[0] or time.monotonic() < limit - LONGEST + 1:
        if time.monotonic() > limit:
            raise TimeoutError("the neighbours' orders were not answered")
        time.sleep(0.2)
    return _answered(signal.pk, [VENUE])[1] * 1000


def _answered(signal_id: int, routes: list[str]) -> tuple[int, float]:
    with connection.cursor() as cursor:
        cursor.execute(_MEDIAN, [signal_id, routes])
        waiting, middle = cursor.fetchone()
        return int(waiting), float(middle or 0)


def _post(url: str, method: str, body: dict[str, object]) -> None:
    told = Request(url, data=json.dumps(body).encode(), method=method)  # noqa: S310
    urlopen(told, timeout=10).close()  # noqa: S310  # nosec B310  # our own simulator
