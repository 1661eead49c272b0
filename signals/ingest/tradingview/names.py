"""The names that an alert's fields go by (../shared/spec/signals.md, "Webhook fields")."""

from __future__ import annotations

PASSPHRASE, STRATEGY = "passphrase", "strategy"
NUMBERS = ("leverage", "risk_perc", "tp_perc", "sl_perc", "close_perc")
MAX_TARGETS = 8
# Of each target: its distance in percent, its price, and the part of the position taken there.
TARGETS = tuple((f"tp{n}_perc", f"tp{n}", f"tp{n}_share") for n in range(1, MAX_TARGETS + 1))
ALIASES: dict[str, tuple[str, ...]] = {
    "symbol": ("symbol", "ticker", "pair", "instrument"),
    "action": ("action", "strategy.order.alert_message", "strategy.order.action", "side"),
    "contracts": ("contracts", "strategy.order.contracts"),
    "stop_price": ("sl", "stop", "stop_loss"),
    "target_price": ("tp", "take_profit"),
    "position": ("market_position", "strategy.market_position"),
    "size": ("market_position_size", "strategy.market_position_size"),
    "previous": ("prev_market_position", "strategy.prev_market_position"),
    "previous_size": ("prev_market_position_size", "strategy.prev_market_position_size"),
    "price": ("price", "entry", "strategy.order.price", "close"),
    "time": ("timenow", "alert_time", "time"),
    "fired": ("timenow", "alert_time"),  # "time" is the bar's opening: it tells no age
    "order": ("order_id", "strategy.order.id", "id"),
    "comment": ("comment", "strategy.order.comment"),
}
MEANINGFUL = frozenset(
    {
        PASSPHRASE,
        STRATEGY,
        *NUMBERS,
        *(name for names in TARGETS for name in names),
        *(name for names in ALIASES.values() for name in names),
    }
)
