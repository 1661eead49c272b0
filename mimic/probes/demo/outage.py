"""A venue that loses answers and requests, and what became of the orders that were under way."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mimic.probes.demo.driving import ask_simulator
from signals.models import Signal
from trading.domain.orders import OrderStatus
from trading.models import Order, OrderAttempt, OrderEvent
from trading.models.orders import AttemptOutcome

VENUE = "binanceusdm"
LOST_ANSWERS = 3  # the venue executes these orders, and nobody hears of it
LOST_REQUESTS = 2  # these never arrive


def begin() -> None:
    """From the next order on; it is over when so many were lost."""
    for when, count in (("after_accept", LOST_ANSWERS), ("before_accept", LOST_REQUESTS)):
        fault = {"endpoint": "POST /fapi/v1/order", "action": "rst", "when": when, "count": count}
        ask_simulator(VENUE, "POST", "/_sim/inject", fault)


def outcome_of(signal: Signal) -> dict[str, int]:
    """Counts of our books and, for what was doubled, of the venue's own ledger.

    Sent again is what was proven never to have arrived. What the breaker kept back while answers
    failed was not on its way yet, and went a moment later.
    """
    orders = Order.objects.filter(origin_kind="signal", origin_id=signal.pk, route=VENUE)
    keys = orders.values("pk")
    unclear = OrderEvent.objects.filter(order_id__in=keys, became=OrderStatus.UNKNOWN.value)
    attempts = OrderAttempt.objects.filter(order_id__in=keys)
    entries: list[dict[str, Any]] = ask_simulator(VENUE, "GET", "/_sim/ledger?kind=accepted")[
        "entries"
    ]
    taken = Counter(each["account"] for each in entries if each["symbol"] == signal.symbol)
    return {
        "orders": orders.count(),
        "filled": orders.filter(status=OrderStatus.FILLED.value).count(),
        "refused": orders.filter(status=OrderStatus.REJECTED.value).count(),
        "unclear": unclear.values("order_id").distinct().count(),
        "sent_again": attempts.filter(outcome=AttemptOutcome.NOT_PLACED).count(),
        "kept_back": attempts.filter(outcome=AttemptOutcome.REFUSED, sent_at=None).count(),
        "doubled": sum(count > 1 for count in taken.values()),
    }


def problems_of(found: dict[str, int]) -> list[str]:
    """What is not as it must be once it is over."""
    ended = found["filled"] + found["refused"]
    checks = {
        f"{found['unclear']} orders were unclear": found["unclear"] < LOST_ANSWERS,
        f"{found['doubled']} orders were doubled": found["doubled"] > 0,
        f"{found['orders'] - ended} orders were lost": ended != found["orders"],
        "nothing had to be sent again": not found["sent_again"],
    }
    return [text for text, wrong in checks.items() if wrong]
