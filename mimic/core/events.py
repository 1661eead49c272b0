"""Typed events: how a lower layer lets an upper one take part, without importing it.

``announce`` is synchronous and inside the caller's transaction: a receiver writes its own row
(its outbox) there, or raises to veto. What must happen later starts from that row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction

Event = TypeVar("Event")
_receivers: dict[type[Any], list[Callable[[Any], None]]] = defaultdict(list)


def receive(event: type[Event], receiver: Callable[[Event], None]) -> None:
    """Register a receiver once; called from the upper app's ``ready``."""
    if receiver not in _receivers[event]:
        _receivers[event].append(receiver)


def announce(event: object) -> None:
    """Tell every receiver. Raises if called outside a transaction: an event without one is lost."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"{type(event).__name__} needs a transaction")
    for receiver in _receivers[type(event)]:
        receiver(event)
