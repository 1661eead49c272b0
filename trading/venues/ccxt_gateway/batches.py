"""What one answer to several orders means: matched by place, believed by client id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from trading.domain.ports import Credentials, OrderRequest, SendResult
from trading.venues.ccxt_gateway import answers
from trading.venues.dialect import Dialect
from trading.venues.fast.protocol import BatchingOrders, FastOrders
from trading.venues.wire import Reply

_REFUSED = 400  # how the venue would have refused the element if it had come alone


def read_batch(
    fast: BatchingOrders,
    dialect: Dialect,
    orders: Sequence[OrderRequest],
    reply: Reply,
    keys: Credentials,
) -> list[SendResult]:
    """One result an order.

    An order that names itself is placed. Refusals carry no name, only their place, so they are
    believed only when the answer is as long as the request and nothing in it is strange.
    """
    if not 200 <= reply.status < 300:
        return [answers.judged(reply, dialect, keys)] * len(orders)
    elements = fast.elements(reply)
    if elements is None or len(elements) != len(orders):
        strange = answers.unknown("venue.unreadable", "the answer is not one element an order")
        return [strange] * len(orders)
    read = [
        _read(fast, dialect, order, replace(reply, json=element), keys)
        for order, element in zip(orders, elements, strict=True)
    ]
    if all(result is not None for result, _placed in read):
        return [result for result, _placed in read if result is not None]
    unclear = answers.unknown("venue.unreadable", "an element of the answer is none of ours")
    return [result if placed and result is not None else unclear for result, placed in read]


def _read(
    fast: FastOrders, dialect: Dialect, order: OrderRequest, element: Reply, keys: Credentials
) -> tuple[SendResult | None, bool]:
    """The element's result, and whether it is an order that named itself; None: neither."""
    placed = fast.placed(order, element)
    if placed is not None:
        return placed, True
    alone: Any = replace(element, status=_REFUSED)
    if not dialect.read_error(alone).code:
        return None, False
    return answers.judged(alone, dialect, keys), False
