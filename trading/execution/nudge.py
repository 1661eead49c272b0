"""Ask the workers to send; the planned orders are the queue, so too few nudges only wait."""

from __future__ import annotations

from collections.abc import Iterable

from mimic.jobs.enqueue import enqueue

JOB = "trading.send"
ORDERS_PER_NUDGE = 1_000


def nudge_send(*, routes: Iterable[str], closing: bool, orders: int) -> None:
    """One nudge a route, more for many orders so that several processes take part.

    ``share`` only tells them apart: equal nudges that wait together leave as one.
    """
    queue = "closes" if closing else ""
    for route in sorted(routes):
        for share in range(1 + orders // ORDERS_PER_NUDGE):
            enqueue(JOB, queue=queue, route=route, closing=int(closing), share=share)
