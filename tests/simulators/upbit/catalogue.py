"""The pairs that the simulator lists. A pair's tick follows its price: one table for won."""

from __future__ import annotations

from decimal import Decimal

from tests.simulators.swaps.instruments import Instrument

STEP = Decimal("1E-8")
_PRICES = {"KRW-BTC": "90000000", "KRW-ETH": "4500000", "KRW-XRP": "900", "BTC-ETH": "0.05"}
_TICKS = ((1_000_000, "1000"), (500_000, "500"), (100_000, "100"), (50_000, "50"), (10_000, "10"),
          (5_000, "5"), (100, "1"), (0, "0.00000001"))  # fmt: skip
"""At least, tick (guide page krw-market-info, since 2025-07-31). No coin below 100 won is listed;
the last row is that of pairs against bitcoin (btc-market-info).
"""


def tick(price: Decimal) -> Decimal:
    return next(Decimal(told) for least, told in _TICKS if price >= least)


def listed() -> dict[str, Instrument]:
    return {
        symbol: Instrument(
            symbol=symbol,
            base=symbol.partition("-")[2],
            contract=Decimal(1),
            lot=STEP,
            min_size=STEP,
            max_limit=Decimal(10) ** 12,
            max_market=Decimal(10) ** 12,
            tick=tick(Decimal(price)),
            leverage=1,
            state="active",
        )
        for symbol, price in _PRICES.items()
    }


def starting_prices() -> dict[str, Decimal]:
    return {symbol: Decimal(price) for symbol, price in _PRICES.items()}
