"""The table of endpoints; those that end in a slash are followed by an id."""

from __future__ import annotations

from tests.simulators.coinbase import private, public, trading
from tests.simulators.coinbase.calls import PREFIX, Route

ROUTES: dict[str, Route] = {
    f"GET {PREFIX}/time": Route(public.time, public=True),
    f"GET {PREFIX}/market/products": Route(public.products, public=True),
    f"GET {PREFIX}/market/products/": Route(public.candles, public=True),
    f"GET {PREFIX}/market/product_book": Route(public.product_book, public=True),
    f"POST {PREFIX}/orders": Route(trading.create_order),
    f"POST {PREFIX}/orders/close_position": Route(trading.close_position),
    f"POST {PREFIX}/orders/batch_cancel": Route(trading.cancel_orders),
    f"GET {PREFIX}/orders/historical/batch": Route(trading.list_orders),
    f"GET {PREFIX}/orders/historical/fills": Route(trading.list_fills),
    f"GET {PREFIX}/orders/historical/": Route(trading.one_order),
    f"GET {PREFIX}/cfm/balance_summary": Route(private.balance_summary),
    f"GET {PREFIX}/cfm/positions": Route(private.positions),
    f"GET {PREFIX}/transaction_summary": Route(private.transaction_summary),
    f"GET {PREFIX}/key_permissions": Route(private.key_permissions),
}


def route_of(endpoint: str) -> Route | None:
    if endpoint in ROUTES:
        return ROUTES[endpoint]
    for start, route in ROUTES.items():
        if start.endswith("/") and endpoint.startswith(start):
            return route
    return None
