"""What the simulator lists: perpetual-style futures, one that ends, and a spot pair.

Sizes and prices of BIP as recorded in April 2026 (nautilus_trader, http_products_future.json);
the other two contracts' sizes by the venue's product pages.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.simulators.binance.book import Market
from tests.simulators.swaps.instruments import Instrument, plain

# base, contract, tick, starting price
_LISTED = {
    "BIP-20DEC30-CDE": ("BTC", "0.01", "5", "60000"),
    "ETP-20DEC30-CDE": ("ETH", "0.1", "0.5", "3000"),
    "SLP-20DEC30-CDE": ("SOL", "5", "0.01", "150"),
}


def listed() -> dict[str, Instrument]:
    """Fresh rules by product; sizes are whole contracts."""
    return {
        symbol: Instrument(
            symbol=symbol,
            base=base,
            contract=Decimal(contract),
            lot=Decimal(1),
            min_size=Decimal(1),
            max_limit=Decimal(5000),
            max_market=Decimal(5000),
            tick=Decimal(tick),
            leverage=10,
            state="open",
        )
        for symbol, (base, contract, tick, _) in _LISTED.items()
    }


def starting_prices() -> dict[str, Decimal]:
    return {symbol: Decimal(row[3]) for symbol, row in _LISTED.items()}


def row(instrument: Instrument, market: Market) -> dict[str, Any]:
    """As GET market/products tells it; lists name no best prices, only the middle."""
    bid, ask = market.best("SELL"), market.best("BUY")
    middle = "" if bid is None or ask is None else plain((bid + ask) / 2)
    return _product(
        product_id=instrument.symbol,
        price=plain(market.last),
        base_increment=plain(instrument.lot),
        base_min_size=plain(instrument.min_size),
        base_max_size=plain(instrument.max_limit),
        price_increment=plain(instrument.tick),
        mid_market_price=middle,
        display_name=f"{instrument.base} PERP",
        trading_disabled=instrument.state != "open",
        future_product_details=_details(instrument, market),
    )


def _details(instrument: Instrument, market: Market) -> dict[str, Any]:
    """The far end is a form: funding and the display name tell a perpetual."""
    return {
        "venue": "cde",
        "contract_code": instrument.symbol[:3],
        "contract_expiry": "2030-12-20T16:00:00Z",
        "contract_size": plain(instrument.contract),
        "contract_root_unit": instrument.base,
        "group_description": f"nano {instrument.base} Perp Futures",
        "risk_managed_by": "MANAGED_BY_FCM",
        "contract_expiry_type": "EXPIRING",
        "perpetual_details": {"open_interest": "1", "funding_rate": "", "max_leverage": ""},
        "contract_display_name": f"{instrument.base} PERP",
        "twenty_four_by_seven": True,
        "funding_interval": "3600s",
        "funding_rate": "0.000013",
        "intraday_margin_rate": {"long_margin_rate": "0.1", "short_margin_rate": "0.1"},
        "overnight_margin_rate": {"long_margin_rate": "0.24", "short_margin_rate": "0.3"},
        "settlement_price": plain(market.mark),
        "index_price": plain(market.mark),
    }


def _product(**more: Any) -> dict[str, Any]:
    return {
        "quote_increment": "0.01",
        "quote_min_size": "0",
        "quote_max_size": "100000000",
        "base_name": "",
        "quote_name": "US Dollar",
        "is_disabled": False,
        "status": "",
        "cancel_only": False,
        "limit_only": False,
        "post_only": False,
        "auction_mode": False,
        "product_type": "FUTURE",
        "quote_currency_id": "USD",
        "base_currency_id": "",
        "fcm_trading_session_details": {"is_session_open": True},
        "alias": "",
        "alias_to": [],
        "view_only": False,
        "product_venue": "FCM",
        "best_bid_price": "",
        "best_ask_price": "",
        **more,
    }


DATED = _product(
    product_id="BIT-25DEC26-CDE",
    price="60500",
    base_increment="1",
    base_min_size="1",
    base_max_size="5000",
    price_increment="5",
    mid_market_price="60502.5",
    display_name="BTC 25 DEC 26",
    trading_disabled=False,
    future_product_details={
        "venue": "cde",
        "contract_code": "BIT",
        "contract_expiry": "2026-12-25T16:00:00Z",
        "contract_size": "0.01",
        "contract_root_unit": "BTC",
        "contract_expiry_type": "EXPIRING",
        "funding_interval": None,
    },
)
"""A future that ends; nobody of ours trades it."""

SPOT = _product(
    product_id="BTC-USD",
    price="60001.23",
    base_increment="0.00000001",
    base_min_size="0.00000001",
    base_max_size="3400",
    price_increment="0.01",
    mid_market_price="60001.00",
    display_name="BTC-USD",
    trading_disabled=False,
    product_type="SPOT",
    product_venue="CBE",
    base_currency_id="BTC",
    status="online",
)
