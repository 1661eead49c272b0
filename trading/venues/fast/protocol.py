"""What a venue's dialect offers when its orders can go without ccxt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from trading.domain.ports import (
    Credentials,
    OrderReport,
    OrderRequest,
    OrderState,
    Outcome,
    SendResult,
)
from trading.venues.wire import Reply


@dataclass(frozen=True, slots=True)
class FastRequest:
    """A signed request, ready to be written. ``target`` is the path with its query."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def noted(venue_order_id: str) -> SendResult:
    """The success of a venue that only acknowledges: what became of the order has to be asked."""
    return SendResult(
        Outcome.CONFIRMED, venue_order_id=venue_order_id, venue_status=OrderState.OPEN
    )


class FastOrders(Protocol):
    """Says what ccxt would say for the same order, in a tenth of the time."""

    def origin(self, *, demo: bool) -> str:
        """``https://host`` of the venue's live or demo network."""
        ...

    def request(
        self, order: OrderRequest, venue_symbol: str, keys: Credentials, at_ms: int, *, demo: bool
    ) -> FastRequest:
        """``order.quantity`` in the venue's unit, a multiple of its step; ``at_ms`` its clock."""
        ...

    def placed(self, order: OrderRequest, reply: Reply) -> SendResult | None:
        """A clean success; None for anything else, which the venue's error table judges."""
        ...

    def cancelled(self, client_id: str, reply: Reply) -> OrderReport | None:
        """What a clean answer says of the order; None if it is none.

        OPEN from venues that only take note of the request: what becomes of it is to be asked.
        """
        ...


@runtime_checkable
class CancellingOrders(FastOrders, Protocol):
    """Optional: a venue that cancels by our client id. Elsewhere the order is looked up first."""

    def cancellation(
        self, client_id: str, venue_symbol: str, keys: Credentials, at_ms: int, *, demo: bool
    ) -> FastRequest: ...


@runtime_checkable
class BatchingOrders(FastOrders, Protocol):
    """Optional: a venue that takes several orders of one account in one request."""

    @property
    def batch_size(self) -> int:
        """The most that one request may hold."""
        ...

    def batch(
        self,
        orders: Sequence[tuple[OrderRequest, str]],
        keys: Credentials,
        at_ms: int,
        *,
        demo: bool,
    ) -> FastRequest:
        """Orders with the venue's symbols, as for :meth:`FastOrders.request`."""
        ...

    def elements(self, reply: Reply) -> list[Any] | None:
        """The answer's elements in the request's order; None if it is no list of them."""
        ...
