"""Routes of positions, orders and trades."""

from django.urls import path

from mimic.dashboard import orders_views, positions_views, trades_views

urlpatterns = [
    path("positions", positions_views.positions, name="positions"),
    path("positions.csv", positions_views.positions_csv, name="positions-csv"),
    path("orders", orders_views.orders, name="orders"),
    path("orders.csv", orders_views.orders_csv, name="orders-csv"),
    path("orders/<uuid:public_id>", orders_views.order, name="order"),
    path("trades", trades_views.trades, name="trades"),
    path("trades/totals", trades_views.trades_totals, name="trades-totals"),
    path("trades.csv", trades_views.trades_csv, name="trades-csv"),
    path("trades/<uuid:public_id>", trades_views.trade, name="trade"),
]
