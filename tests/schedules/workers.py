"""Sending processes, as far as their memory and the engine's own rules go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from trading.domain.ports import OrderRequest
from trading.execution.departure import SAFETY, Held
from trading.execution.settle import Answer
from trading.execution.transitions import Claimed


class Stalled(NamedTuple):
    """Past the last look, not sent yet."""

    order: Claimed
    request: OrderRequest
    since: datetime


@dataclass(slots=True)
class Worker:
    """What a sending process holds in memory; when it dies, that is all that is lost.

    ``jobs`` wait to be sent; ``held`` is what it knows of its leases, by order, as the dispatcher
    does: an order that is taken again has one lease and two jobs.
    """

    jobs: list[Claimed] = field(default_factory=list)
    held: dict[int, Held] = field(default_factory=dict)
    stalled: list[Stalled] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def adopt(self, orders: Sequence[Claimed]) -> None:
        for order in orders:
            deadline = (order.lease_until - timedelta(seconds=SAFETY)).timestamp()
            self.jobs.append(order)
            self.held[order.order_id] = Held(order.fence, deadline, 0.0)


class _Room:
    """Implements :class:`trading.execution.sender.Hold`: what is decided is born in the hand."""

    room = 4

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def send(self, orders: Sequence[Claimed]) -> None:
        self._worker.adopt(orders)


class Desk:
    """Implements :class:`trading.execution.sender.Sender` for one of the workers."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @contextmanager
    def alongside(self, work: Callable[[], None]) -> Iterator[None]:
        yield

    @contextmanager
    def hold(self, route: str, wanted: int, *, closing: bool) -> Iterator[_Room]:
        yield _Room(self._worker)
