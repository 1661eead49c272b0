"""Copy settings in words: names, units, what each mode does, who set a limit, what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from django.utils.translation import gettext_lazy as _

from trading.domain.receipts import plain
from trading.domain.sizing import SizingMode
from trading.models import LeverageMode
from trading.models.copying import SIZING_LABELS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Words: TypeAlias = "str | _StrPromise"


class Named(NamedTuple):
    """``unit`` stands behind the value; empty for a plain number."""

    label: Words
    unit: Words = ""


class Mode(NamedTuple):
    """A way of sizing: its name, one sentence, and what its value is counted in."""

    value: str
    label: Words
    sentence: Words
    unit: Words


_SENTENCES: dict[SizingMode, tuple[Words, Words]] = {
    SizingMode.RISK_PCT: (
        _("Lose about this part of the copy's equity if the stop is hit. Needs a stop."),
        "%",
    ),
    SizingMode.EQUITY_PCT: (_("Put this part of the copy's equity in as margin."), "%"),
    SizingMode.FIXED_AMOUNT: (_("Put the same amount in as margin every time."), "USDT"),
    SizingMode.FIXED_QUANTITY: (
        _("Trade the same quantity every time, whatever it costs."),
        _("base units"),
    ),
    SizingMode.MULTIPLIER: (_("Take the provider's own size times this, 0.1 to 2."), "×"),
    SizingMode.PROPORTIONAL: (
        _("Put in the same part of your equity as the provider of theirs; the value is not used."),
        "",
    ),
    SizingMode.RISK_BUDGET: (
        _("Lose less than this part of the copy's equity on 19 days of 20."),
        "%",
    ),
}
MODES = [Mode(mode.value, SIZING_LABELS[mode], *_SENTENCES[mode]) for mode in SizingMode]

LIMITS: dict[str, Named] = {
    "max_position_pct": Named(_("Margin of one position"), "%"),
    "max_exposure_pct": Named(_("Margin of all positions"), "%"),
    "max_risk_pct": Named(_("Loss at the stop of one trade"), "%"),
    "max_leverage": Named(_("Leverage"), "×"),
    "max_notional": Named(_("Value of a position"), _("× equity")),
    "max_open": Named(_("Open positions on the account")),
    "max_opens_a_day": Named(_("Positions opened in a day")),
    "daily_loss_block_pct": Named(_("Day's loss that stops new positions"), "%"),
    "daily_loss_close_pct": Named(_("Day's loss that closes all"), "%"),
    "max_deviation_pct": Named(_("Price away from the signal's"), "%"),
    "max_spread_pct": Named(_("Gap between bid and ask"), "%"),
    "max_age": Named(_("Age of a signal"), _("s")),
    "min_depth": Named(_("Least on offer in the book"), _("× order")),
    "max_blind_notional": Named(_("Largest order without a known book"), "USDT"),
}
LIMIT_GROUPS: list[tuple[Words, tuple[str, ...]]] = [
    (
        _("Each position, and all of them"),
        ("max_position_pct", "max_exposure_pct", "max_risk_pct", "max_leverage", "max_notional"),
    ),
    (
        _("The account's day"),
        ("max_open", "max_opens_a_day", "daily_loss_block_pct", "daily_loss_close_pct"),
    ),
    (
        _("The moment to enter"),
        ("max_deviation_pct", "max_spread_pct", "min_depth", "max_blind_notional", "max_age"),
    ),
]
"""All limits, as people look for them."""
NAMES: dict[str, Named] = {
    "sizing_mode": Named(_("Mode")),
    "sizing_value": Named(_("Value")),
    "risk_multiplier": Named(_("Multiply every size by"), "×"),
    "allocation_pct": Named(_("Share of the account"), "%"),
    "leverage_mode": Named(_("Leverage taken")),
    "fixed_leverage": Named(_("Fixed leverage"), "×"),
    "symbol_leverage": Named(_("Leverage of single symbols")),
    "allowed_symbols": Named(_("Only these symbols")),
    "blocked_symbols": Named(_("Never these symbols")),
    **LIMITS,
}
"""By the field's name, :data:`trading.copying.settings.FIELDS` all of them."""
_CLOSE_UNITS = ("%", "×")
_CHOICES: dict[str, Mapping[str, Words]] = {
    "sizing_mode": {mode.value: mode.label for mode in MODES},
    "leverage_mode": dict(LeverageMode.choices),
}


def value_text(name: str, value: Any) -> str:
    """A setting's value as people read it; a dash where nothing is set."""
    if value is None or value in ([], {}):
        return "\N{EM DASH}"
    if name in _CHOICES:
        return str(_CHOICES[name].get(value, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{symbol} {times}×" for symbol, times in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(value)
    number = plain(value) if isinstance(value, Decimal) else str(value)
    unit = str(NAMES[name].unit)
    return f"{number}{unit}" if unit in _CLOSE_UNITS else f"{number} {unit}".rstrip()


def reason_name(code: str) -> str:
    """A reason for a skip in two or three words; an unknown code is shown as it is."""
    words = _REASONS.get(code)
    return code.replace("_", " ") if words is None else str(words)


_REASONS: dict[str, Words] = {
    "notify_only": _("only notifies"),
    "traded_here": _("traded it itself"),
    "consent_missing": _("disclosure not agreed to"),
    "account_inactive": _("account not active"),
    "kill_switch": _("kill switch"),
    "key_guard": _("limits of the keys"),
    "symbol_not_allowed": _("symbol left out"),
    "daily_loss": _("day's loss"),
    "daily_trades": _("day's trades"),
    "signal_too_old": _("signal too old"),
    "stale_account": _("balance not fresh"),
    "no_instrument": _("not traded there"),
    "market_closed": _("market closed"),
    "market_close_only": _("closes only"),
    "stale_price": _("no fresh price"),
    "wide_spread": _("wide spread"),
    "thin_book": _("thin book"),
    "no_book": _("book not known"),
    "declared_absent": _("never arrived"),
    "price_deviation": _("price moved"),
    "unresolved_order": _("order unclear"),
    "opposite_position": _("held the other way"),
    "max_open": _("open positions"),
    "isolated_leverage": _("isolated, higher leverage"),
    "no_stop": _("no stop"),
    "no_provider_size": _("provider's size unknown"),
    "no_volatility": _("volatility unknown"),
    "exposure_cap": _("exposure at its limit"),
    "position_cap": _("position at its cap"),
    "no_free_margin": _("no free margin"),
    "below_min_quantity": _("below smallest quantity"),
    "below_min_notional": _("below smallest order"),
    "nothing_to_close": _("nothing to close"),
    "closed_before_sent": _("closed before sent"),
    "closed_before_filled": _("closed before filled"),
    "budget_unavailable": _("not sent in time"),
    "venue_down": _("venue down"),
    "venue_busy": _("venue busy"),
    "approval_expired": _("not approved in time"),
    "approval_rejected": _("you rejected it"),
    "copy_paused": _("paused meanwhile"),
    "paused_before_sent": _("paused meanwhile"),
    "recovering": _("compared first after an outage"),
    "copy_stopped": _("you stopped it"),
    "left_to_person": _("yours now"),
}
