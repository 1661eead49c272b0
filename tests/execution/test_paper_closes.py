"""On paper, too, what may only reduce never does more: it is cut to the position, or refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from itertools import count

import pytest
from django.db import transaction

from tests.cast import a_follower, a_market, a_quote, a_strategy
from tests.execution.news_cast import a_fill, an_order, tell
from tests.execution.paper import now, request_of, send_on_paper
from trading.domain.ports import AccountSession, Outcome, SendResult, Side
from trading.execution.births import Born, write_orders
from trading.execution.claims import Job, take_orders
from trading.execution.due import lose_expired_leases, settle_found, take_due
from trading.execution.findings import Books
from trading.execution.gateways import PAPER, paper_gateway
from trading.execution.look import look
from trading.execution.settle import Answer, settle_answers
from trading.execution.transitions import LEASE
from trading.models import CopySubscription, ExchangeAccount, Fill, Order, Position

pytestmark = pytest.mark.django_db(transaction=True)
_origins = count(1)
Closes = Sequence[tuple[str, str]]
Ends = Sequence[tuple[str, str, str]]


@pytest.fixture
def copy() -> CopySubscription:
    a_market()
    a_quote()
    return a_follower(a_strategy().strategy)


def _hold(account: ExchangeAccount, quantity: str) -> None:
    """Signed base units."""
    held = Decimal(quantity)
    side = Side.BUY if held > 0 else Side.SELL
    order = an_order(account, side=side, quantity=str(abs(held)))
    tell(account, a_fill(order, order.pk, str(abs(held))))


def _close(copy: CopySubscription, side: str, quantity: str) -> None:
    born = Born(
        "manual", next(_origins), 0, copy.account_id, None, copy.pk, PAPER, "BTCUSDT", side, "both",
        True, Decimal(quantity), 1, Decimal(0), 0, None, mine=False,
    )  # fmt: skip
    with transaction.atomic():
        write_orders([born], now())


def _left(account: ExchangeAccount) -> str:
    row = Position.objects.filter(account=account).first()
    return f"{row.quantity.normalize():f}" if row else "0"


CASES: dict[str, tuple[str, Closes, Ends, str]] = {
    # held, closes that are out together, how each ends (state, code, filled), what is left
    "all of it": ("1", [("sell", "1")], [("filled", "", "1")], "0"),
    "more than there is": ("1", [("sell", "3")], [("expired", "venue.expired", "1")], "0"),
    "more than a short": ("-1", [("buy", "1.5")], [("expired", "venue.expired", "1")], "0"),
    "of nothing": ("0", [("sell", "1")], [("rejected", "venue.reduce_only", "0")], "0"),
    "the wrong way": ("-1", [("sell", "1")], [("rejected", "venue.reduce_only", "0")], "-1"),
    "two that fit": (
        "1", [("sell", "0.4"), ("sell", "0.6")],
        [("filled", "", "0.4"), ("filled", "", "0.6")], "0",
    ),
    "two that do not": (
        "1", [("sell", "0.8"), ("sell", "0.7")],
        [("expired", "venue.expired", "0.3"), ("expired", "venue.expired", "0.2")], "0.5",
    ),
}  # fmt: skip


def test_a_close_on_paper_is_cut_to_what_is_held_or_refused(subtests: pytest.Subtests) -> None:
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    for name, (held, closes, ends, left) in CASES.items():
        with subtests.test(name):
            copy = a_follower(strategy)
            if held != "0":
                _hold(copy.account, held)
            for side, quantity in closes:
                _close(copy, side, quantity)
            send_on_paper(closing=True)
            rows = Order.objects.filter(account=copy.account, origin_kind="manual").order_by("pk")
            told = [(row.status, row.code, f"{row.filled.normalize():f}") for row in rows]
            assert (told, _left(copy.account)) == (ends, left)


def test_an_open_needs_no_position(copy: CopySubscription) -> None:
    _close(copy, "sell", "1")
    Order.objects.update(reduce_only=False)
    send_on_paper()
    assert (Order.objects.get().status, _left(copy.account)) == ("filled", "-1")


def test_an_attempt_taken_for_lost_that_answers_after_all_is_not_a_second_fill(
    copy: CopySubscription,
) -> None:
    """Its process was stopped between the answer and the database, and wakes up."""
    _hold(copy.account, "2")
    _close(copy, "sell", "1")
    (late,) = take_orders(route=PAPER, closing=True, limit=1, now=now())
    session = AccountSession(copy.account_id, copy.account.venue_id)
    answer = Answer(late, asyncio.run(_placed(Job(late, session))), now(), now())
    after = now() + LEASE * 2
    assert lose_expired_leases(now=after) == 1
    (due,) = [each for each in take_due(limit=9, now=after) if each.order_id == late.order_id]
    looked = asyncio.run(look(paper_gateway(PAPER, ""), session, due, Books(), after))
    settle_found(found=[looked], now=after)
    send_on_paper(closing=True)
    settle_answers(route=PAPER, answers=[answer], now=after)
    assert Order.objects.get(pk=late.order_id).status == "filled"
    assert (Fill.objects.filter(order_id=late.order_id).count(), _left(copy.account)) == (1, "1")


async def _placed(job: Job) -> SendResult:
    result = await paper_gateway(PAPER, "").place(job.session, request_of(job))
    assert result.outcome is Outcome.CONFIRMED
    return result
