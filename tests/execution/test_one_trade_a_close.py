"""One close order is one trade, however many fills it takes and whenever they come."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.cast import a_follower, a_strategy, an_account
from tests.execution.news_cast import a_fill, an_order, books, tell
from tests.web.books_cast import Holder
from trading.domain.ports import Side
from trading.execution.book_rows import trades_of_orders
from trading.models import CopySubscription, Trade

pytestmark = pytest.mark.django_db
PRICES = ("61000", "61100", "61200", "61300", "61400")


@pytest.fixture
def copy() -> CopySubscription:
    return a_follower(a_strategy().strategy, account=an_account())


def test_a_close_in_five_fills_is_one_trade_at_their_average_price(copy: CopySubscription) -> None:
    sell = an_order(copy.account, copy=copy, side=Side.SELL, quantity="5")
    tell(copy.account, a_fill(an_order(copy.account, copy=copy, quantity="5"), 1, "5", "60000"))
    first = a_fill(sell, 2, "1", PRICES[0], side=Side.SELL, after=1)
    tell(copy.account, first)
    made = Trade.objects.get()
    for number, price in enumerate(PRICES[1:], 3):
        tell(copy.account, a_fill(sell, number, "1", price, side=Side.SELL, after=float(number)))
    trade = Trade.objects.get()
    assert (trade.public_id, trade.quantity) == (made.public_id, 5)
    assert (trade.entry_price, trade.exit_price, trade.profit) == (60_000, 61_200, 6_000)
    assert trade.closed_at - made.closed_at == timedelta(seconds=5)
    told = trades_of_orders(order_ids=[sell.pk], people=[copy.user_id])
    assert [row.id for row in told] == [str(trade.public_id)]


def test_the_order_in_which_fills_come_changes_nothing(copy: CopySubscription) -> None:
    """One by one, all at once, or the oldest last: the whole is then told anew."""
    other = a_follower(a_strategy().strategy, account=an_account())
    third = a_follower(a_strategy().strategy, account=an_account())
    seen = []
    for each, order in ((copy, (0, 1, 2, 3)), (other, (0, 3, 2, 1)), (third, ())):
        buy = an_order(each.account, copy=each, quantity="3")
        sell = an_order(each.account, copy=each, side=Side.SELL, quantity="3")
        fills = [a_fill(buy, 1, "3", "100")] + [
            a_fill(sell, n + 2, "1", price, side=Side.SELL, after=float(n + 1))
            for n, price in enumerate(("110", "117", "103"))
        ]
        for place in order:
            tell(each.account, fills[place])
        if not order:
            tell(each.account, *fills)
        found = books(each.account)["trades"]
        assert len(found) == 1
        seen.append(found)
    assert seen[0] == seen[1] == seen[2]
    assert Trade.objects.filter(profit=30).count() == 3


def test_the_win_rate_counts_closes_not_fills() -> None:
    holder = Holder()
    holder.opens(holder.on_paper)
    holder.closes(holder.on_paper, "59000", parts=4)
    holder.opens(holder.on_paper)
    holder.closes(holder.on_paper, "62000")
    (sums,) = holder.page("trades").context["totals"]
    assert (sums.count, sums.won, sums.win_pct) == (2, 1, Decimal(50))
