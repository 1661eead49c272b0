"""Under ``/api/v1/``: what the trader's copies did, hold and earned, and where."""

from __future__ import annotations

from django.urls import path

from trading.api import (
    answers,
    approvals,
    balance,
    copies,
    exchanges,
    joining,
    kill,
    limits,
    masters,
    orders,
    positions,
    receipts,
    settings,
    start,
    stopping,
    trades,
)

urlpatterns = [
    path("receipts", receipts.Receipts.as_view(), name="receipts"),
    path("receipts/<uuid:receipt_id>", receipts.Receipt.as_view(), name="receipt"),
    path("approvals", answers.Approvals.as_view(), name="approvals"),
    path("approve", answers.Approve.as_view(), name="approve"),
    path("subscriptions", copies.Subscriptions.as_view(), name="subscriptions"),
    path(
        "subscriptions/<uuid:subscription_id>", copies.Subscription.as_view(), name="subscription"
    ),
    path(
        "subscriptions/<uuid:subscription_id>/pause",
        copies.Pause.as_view(),
        name="subscription-pause",
    ),
    path(
        "subscriptions/<uuid:subscription_id>/resume",
        copies.Resume.as_view(),
        name="subscription-resume",
    ),
    path(
        "subscriptions/<uuid:subscription_id>/mode", copies.Mode.as_view(), name="subscription-mode"
    ),
    path(
        "subscriptions/<uuid:subscription_id>/stop",
        stopping.Stop.as_view(),
        name="subscription-stop",
    ),
    path(
        "subscriptions/<uuid:subscription_id>/leave",
        stopping.Leave.as_view(),
        name="subscription-leave",
    ),
    path(
        "subscriptions/<uuid:subscription_id>/join",
        joining.Join.as_view(),
        name="subscription-join",
    ),
    path("repairs", stopping.Repairs.as_view(), name="repairs"),
    path(
        "subscriptions/<uuid:subscription_id>/settings",
        settings.Settings.as_view(),
        name="subscription-settings",
    ),
    path(
        "subscriptions/<uuid:subscription_id>/settings/preview",
        settings.SettingsPreview.as_view(),
        name="subscription-settings-preview",
    ),
    path("masters", masters.Masters.as_view(), name="masters"),
    path("masters/moves", masters.Moves.as_view(), name="master-moves"),
    path("masters/<uuid:master_id>", masters.Master.as_view(), name="master"),
    path("masters/<uuid:master_id>/change", masters.ChangeMaster.as_view(), name="master-change"),
    path("risk/me", limits.MyRisk.as_view(), name="risk-me"),
    path("risk/defaults", limits.RiskDefaults.as_view(), name="risk-defaults"),
    path("orders", orders.Orders.as_view(), name="orders"),
    path("orders/<uuid:order_id>", orders.OrderDetail.as_view(), name="order"),
    path("positions", positions.Positions.as_view(), name="positions"),
    path("positions/live", positions.LivePositions.as_view(), name="positions-live"),
    path("trades", trades.Trades.as_view(), name="trades"),
    path("trades/<uuid:trade_id>", trades.TradeDetail.as_view(), name="trade"),
    path("balance", balance.Balance.as_view(), name="balance"),
    path("balance/history", balance.BalanceHistory.as_view(), name="balance-history"),
    path("paper/enable", start.PaperEnable.as_view(), name="paper-enable"),
    path("venues", exchanges.Venues.as_view(), name="venues"),
    path("exchanges", exchanges.Exchanges.as_view(), name="exchanges"),
    path("exchanges/<uuid:exchange_id>", exchanges.Exchange.as_view(), name="exchange"),
    path(
        "exchanges/<uuid:exchange_id>/test", exchanges.ExchangeTest.as_view(), name="exchange-test"
    ),
    path("admin/exchanges/pending", approvals.PendingExchanges.as_view(), name="exchanges-pending"),
    path(
        "admin/exchanges/<uuid:exchange_id>/approve",
        approvals.ApproveExchange.as_view(),
        name="exchange-approve",
    ),
    path(
        "admin/exchanges/<uuid:exchange_id>/reject",
        approvals.RejectExchange.as_view(),
        name="exchange-reject",
    ),
    path("admin/kill-switches", kill.KillSwitches.as_view(), name="kill-switches"),
    path(
        "admin/kill-switches/<uuid:switch_id>",
        kill.KillSwitchDetail.as_view(),
        name="kill-switch",
    ),
    path(
        "admin/kill-switches/<uuid:switch_id>/reach",
        kill.KillReach.as_view(),
        name="kill-switch-reach",
    ),
    path(
        "admin/kill-switches/<uuid:switch_id>/effect",
        kill.ChangeEffect.as_view(),
        name="kill-switch-effect",
    ),
    path("admin/kill-switches/<uuid:switch_id>/lift", kill.Lift.as_view(), name="kill-switch-lift"),
    path("admin/kill-switches/<uuid:switch_id>/legs", kill.Legs.as_view(), name="kill-switch-legs"),
]
