"""A trader reads what each signal did for them, why, and what came of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from signals.models import Provider, Strategy
from tests.api.cast import World, get, signed_in
from tests.cast import a_follower, a_signal, a_strategy, an_account
from tests.execution.paper import now
from trading.copying.fanout import fan_out

pytestmark = pytest.mark.django_db


def test_a_receipt_tells_the_numbers_the_steps_and_the_orders(world: World, client: Client) -> None:
    receipt = get(client, f"receipts/{world.ids['receipt_id']}")
    assert (receipt["outcome"], receipt["code"], receipt["side"]) == ("executed", "executed", "buy")
    assert receipt["inputs"]["equity"] == "10000"
    assert receipt["steps"][0]["name"] in {"leverage", "size"}
    assert receipt["steps"][-1]["after"] == receipt["quantity"]
    (order,) = receipt["orders"]
    assert order["id"] == world.ids["order_id"]
    assert order["receipt"] == receipt["id"]
    assert order["filled"] == receipt["quantity"]
    (attempt,) = order["attempts"]
    assert (attempt["number"], attempt["outcome"]) == (1, "confirmed")


def test_a_skipped_signal_has_a_receipt_with_its_reason(world: World, client: Client) -> None:
    copy = a_follower(a_strategy().strategy, account=an_account(world.owner.user))
    signal = a_signal(copy.strategy, symbol="DOGEUSDT")
    fan_out(signal_id=signal.pk, now=now())
    (receipt,) = get(client, "receipts", signal=str(signal.public_id))["results"]
    assert (receipt["outcome"], receipt["code"]) == ("skipped", "no_instrument")
    assert receipt["line"] == "Skipped: the account's venue does not trade DOGEUSDT."
    assert receipt["quantity"] is None


def test_live_positions_are_the_books_marked_to_the_newest_quote(
    world: World, client: Client
) -> None:
    (position,) = get(client, "positions/live")["results"]
    assert (position["symbol"], position["side"]) == ("BTCUSDT", "long")
    assert Decimal(position["mark"]) == 60_000
    (kept,) = get(client, "positions")["results"]
    assert kept["id"] == position["id"]
    assert kept["quantity"] == position["quantity"]


def test_a_trade_tells_what_it_earned_and_for_which_copy(world: World, client: Client) -> None:
    trade = get(client, f"trades/{world.ids['trade_id']}")
    assert trade["subscription"] == world.ids["subscription_id"]
    entry, leaving = Decimal(trade["entry_price"]), Decimal(trade["exit_price"])
    profit = (leaving - entry) * Decimal(trade["quantity"])
    assert abs(Decimal(trade["profit"]) - profit) < Decimal("1e-9")


def test_a_signal_shows_stop_and_target_as_prices(world: World) -> None:
    published = a_strategy()
    a_follower(published.strategy, account=an_account(world.owner.user))
    signal = a_signal(
        published.strategy, entry_price=Decimal(60_000), stop_loss_pct=2, take_profit_pct=5
    )
    shown = get(world.owner.browser, f"signals/{signal.public_id}")
    assert (shown["entry"], shown["stop"], shown["targets"]) == ("60000", "58800", ["63000"])
    assert shown["rr"] == "2.5"


def test_the_balance_keeps_real_money_apart_from_play(client: Client) -> None:
    balance = get(client, "balance")
    assert set(balance["equity"]) == set(balance["real"]) == {"USDT"}
    assert Decimal(balance["real"]["USDT"]) == 10_000
    assert Decimal(balance["equity"]["USDT"]) == 20_000
    assert {row["kind"] for row in balance["accounts"]} == {"paper", "live"}


def test_drafts_are_their_providers_alone(world: World) -> None:
    draft = a_strategy(status=Strategy.Status.DRAFT).strategy
    pending = a_strategy().strategy
    Provider.objects.filter(pk=pending.provider_id).update(status=Provider.Status.PENDING)
    for strategy in (draft, pending):
        path = f"/api/v1/strategies/{strategy.public_id}"
        assert world.owner.browser.get(path).status_code == 404
        assert signed_in(strategy.provider.user).get(path).status_code == 200


def test_signals_of_strategies_that_one_does_not_follow_are_not_there(world: World) -> None:
    signal = a_signal(a_strategy().strategy)
    path = f"/api/v1/signals/{signal.public_id}"
    assert world.owner.browser.get(path).status_code == 404
    assert signed_in(signal.strategy.provider.user).get(path).status_code == 200
