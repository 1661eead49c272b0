"""What tests must know of a swap venue to ask every one of them the same questions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.swaps.server import SwapSimulator
from trading.domain.ports import (
    AccountSession,
    CancelOutcome,
    Credentials,
    OrderRequest,
    Outcome,
    VenueUnavailable,
)
from trading.venues.ccxt_gateway.gateway import CcxtGateway


@dataclass(frozen=True, slots=True)
class House:
    """One venue: ``contract`` is the base units of a size in its book, ``wire_id`` its order ids.

    ``unreadable``: answers to an order that prove nothing. ``broken``: bodies that are no clean
    success of a read. ``order``, ``cancel`` and ``reads``: the endpoints behind each question.
    ``duplicate``: what a used client id is refused with; empty where the first order is told again.
    ``skew``: ms by which a clock is too wrong, either way. ``ether``: the second instrument in its
    book. ``forged``: keys with Alice's name and a secret not hers. ``rules``: what to change of the
    venue's before it is asked.
    """

    code: str
    symbol: str
    contract: Decimal
    order: str
    cancel: str
    duplicate: str
    wire_id: Callable[[int], str]
    unreadable: Sequence[Mapping[str, Any]]
    broken: Sequence[object]
    reads: Mapping[str, str]
    ether: str
    forged: Credentials
    currency: str = "USDT"
    hedges: bool = True
    skew: int = 45_000
    rules: Sequence[Mapping[str, object]] = ()

    @property
    def bitcoin(self) -> str:
        """Our symbol of what is traded."""
        return f"BTC{self.currency}"


NO_ANSWERS: list[dict[str, Any]] = [
    {"action": "rst"},
    {"action": "fin"},
    {"action": "truncate"},
    {"action": "silent"},
    {"action": "redirect"},
    {"action": "garbage200"},
    {"action": "garbage200", "body": ""},
    {"action": "garbage200", "body": "{}"},
    {"action": "status", "status": 403, "body": "<html>WAF</html>"},
]
"""Unreadable at every venue."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A gateway at a venue's simulator, and the accounts that both know."""

    house: House
    simulator: SwapSimulator[Any, Any]
    gateway: CcxtGateway
    alice: AccountSession
    hedger: AccountSession

    def inject(self, **told: Any) -> None:
        """A fault of the order endpoint unless another one, or a mode, is named."""
        fault = {"endpoint": self.house.order, **told} if "action" in told else told
        self.simulator.command("POST /_sim/inject", fault)

    def change(self, **settings: Any) -> None:
        """Alice's account at the venue."""
        self.simulator.command("POST /_sim/accounts", [{"api_key": self.key, **settings}])

    @property
    def key(self) -> str:
        """Alice's, as the venue knows it."""
        assert self.alice.credentials is not None
        return self.alice.credentials.api_key

    def offer(self, *asks: tuple[str, str]) -> None:
        """All that is offered of bitcoin: price and base units."""
        sizes = [[price, f"{Decimal(size) / self.house.contract:f}"] for price, size in asks]
        self.simulator.command("POST /_sim/book", {"symbol": self.house.symbol, "asks": sizes})


async def no_read_believes(
    simulator: SwapSimulator[Any, Any],
    asking: Mapping[str, Callable[[], Awaitable[object]]],
    bodies: Sequence[object],
) -> None:
    """Every question, by its endpoint, raises on an answer that is no clean success."""
    faults: list[dict[str, Any]] = [
        *({"action": "garbage200", "body": body} for body in bodies),
        {"action": "status", "status": 503, "body": "busy"},
        *({"action": action} for action in ("redirect", "rst", "truncate")),
    ]
    for endpoint, ask in asking.items():
        for fault in faults:
            simulator.command("POST /_sim/inject", {"endpoint": endpoint, "count": 0, **fault})
            with pytest.raises(VenueUnavailable) as caught:
                await ask()
            assert "secret" not in str(caught.value)
            simulator.command("DELETE /_sim/inject", {})


async def check_refusals(
    gateway: CcxtGateway, cases: Sequence[tuple[AccountSession, OrderRequest, str, str]]
) -> None:
    """Whose order, our code, the venue's: each refused for good."""
    for who, request, code, theirs in cases:
        result = await gateway.place(who, request)
        assert (result.outcome, result.code, result.venue_code) == (Outcome.REFUSED, code, theirs)
        assert not result.retryable


async def check_lost_cancel(
    gateway: CcxtGateway, trader: AccountSession, resting: OrderRequest, *, lost: bool
) -> None:
    """The answer to the first cancel says nothing; ``lost``: nor did the venue get it."""
    first = await gateway.cancel(trader, resting.symbol, resting.client_id)
    assert (first.outcome, first.report) == (CancelOutcome.UNKNOWN, None)
    again = await gateway.cancel(trader, resting.symbol, resting.client_id)
    assert again.outcome is (CancelOutcome.CANCELLED if lost else CancelOutcome.ENDED)


def hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)
