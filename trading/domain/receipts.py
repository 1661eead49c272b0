"""Codes and steps of a decision receipt: why a follower got what they got, or nothing.

Codes are stable and part of the API. Their sentences in three languages are in
``trading.copying.wording``; codes that begin with ``venue.`` come from the venues' error tables.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Code(StrEnum):
    PLANNED = "planned"
    EXECUTED = "executed"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVAL_EXPIRED = "approval_expired"
    APPROVAL_REJECTED = "approval_rejected"
    COPY_PAUSED = "copy_paused"
    NOTIFY_ONLY = "notify_only"
    TRADED_HERE = "traded_here"
    CONSENT_MISSING = "consent_missing"
    ACCOUNT_INACTIVE = "account_inactive"
    KILL_SWITCH = "kill_switch"
    RECOVERING = "recovering"
    KEY_GUARD = "key_guard"
    SYMBOL_NOT_ALLOWED = "symbol_not_allowed"
    DAILY_LOSS = "daily_loss"
    DAILY_TRADES = "daily_trades"
    SIGNAL_TOO_OLD = "signal_too_old"
    STALE_ACCOUNT = "stale_account"
    NO_INSTRUMENT = "no_instrument"
    MARKET_CLOSED = "market_closed"
    STALE_PRICE = "stale_price"
    MARKET_CLOSE_ONLY = "market_close_only"
    PRICE_DEVIATION = "price_deviation"
    WIDE_SPREAD = "wide_spread"
    THIN_BOOK = "thin_book"
    NO_BOOK = "no_book"
    UNRESOLVED_ORDER = "unresolved_order"
    OPPOSITE_POSITION = "opposite_position"
    MAX_OPEN = "max_open"
    ISOLATED_LEVERAGE = "isolated_leverage"
    NO_STOP = "no_stop"
    NO_PROVIDER_SIZE = "no_provider_size"
    NO_VOLATILITY = "no_volatility"
    POSITION_CAP = "position_cap"
    EXPOSURE_CAP = "exposure_cap"
    NO_FREE_MARGIN = "no_free_margin"
    BELOW_MIN_QUANTITY = "below_min_quantity"
    BELOW_MIN_NOTIONAL = "below_min_notional"
    NOTHING_TO_CLOSE = "nothing_to_close"
    CLOSED_BEFORE_SENT = "closed_before_sent"
    CLOSED_BEFORE_FILLED = "closed_before_filled"
    BUDGET_UNAVAILABLE = "budget_unavailable"
    VENUE_DOWN = "venue_down"
    VENUE_BUSY = "venue_busy"
    OUTCOME_UNKNOWN = "outcome_unknown"
    NEEDS_PERSON = "needs_person"
    DECLARED_ABSENT = "declared_absent"
    COPY_STOPPED = "copy_stopped"
    PAUSED_BEFORE_SENT = "paused_before_sent"
    LEFT_TO_PERSON = "left_to_person"


class StepName(StrEnum):
    """What changed or checked the quantity, in the order it happened."""

    LEVERAGE = "leverage"
    SIZE = "size"
    PART = "part"
    MULTIPLIER = "multiplier"
    KEPT = "kept"
    MAX_POSITION = "max_position"
    EXPOSURE = "exposure"
    TRADE_RISK = "trade_risk"
    NOTIONAL_CAP = "notional_cap"
    FREE_MARGIN = "free_margin"
    MAX_QUANTITY = "max_quantity"
    ROUNDING = "rounding"
    POSITION = "position"
    FRACTION = "fraction"


class Step(NamedTuple):
    """One line of the receipt. ``before`` and ``after`` are quantities in base units.

    ``limit`` is what the rule allowed (quantity, or leverage for the leverage step) and
    ``formula`` the arithmetic with its numbers, as a person would write it down. ``source``:
    who set the limit.
    """

    name: StepName
    before: Decimal | None
    after: Decimal
    limit: Decimal | None = None
    formula: str = ""
    source: str = ""

    def as_json(self) -> dict[str, str]:
        """Numbers as plain strings without exponents or trailing zeros; empty ones left out."""
        row = {"name": self.name.value, "after": plain(self.after)}
        if self.before is not None:
            row["before"] = plain(self.before)
        if self.limit is not None:
            row["limit"] = plain(self.limit)
        if self.formula:
            row["formula"] = self.formula
        if self.source:
            row["source"] = self.source
        return row


@lru_cache(maxsize=8_192)  # prices, limits and steps are the same for every follower
def plain(number: Decimal) -> str:
    """A decimal as people write it: ``0.013``, not ``1.3E-2`` nor ``0.013000``."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
