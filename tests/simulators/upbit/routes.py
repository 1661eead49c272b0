"""The table of endpoints with their rate groups."""

from __future__ import annotations

from tests.simulators.upbit import private, public, trading
from tests.simulators.upbit.calls import Route

ROUTES: dict[str, Route] = {
    "GET /v1/market/all": Route(public.pairs, "market"),
    "GET /v1/ticker": Route(public.tickers, "market"),
    "GET /v1/orderbook": Route(public.order_books, "market"),
    "GET /v1/candles/days": Route(public.day_candles, "market"),
    "POST /v1/orders": Route(trading.create_order, "order", status=201),
    "GET /v1/order": Route(trading.one_order),
    "DELETE /v1/order": Route(trading.cancel_order),
    "GET /v1/orders/open": Route(trading.open_orders),
    "GET /v1/orders/closed": Route(trading.closed_orders),
    "GET /v1/accounts": Route(private.accounts),
    "GET /v1/api_keys": Route(private.api_keys),
}
