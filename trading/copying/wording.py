"""One readable line a receipt, in the reader's language. Codes are the contract, lines are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from trading.domain.limits import Source
from trading.domain.receipts import Code, StepName

_LINES = {
    Code.PLANNED.value: _("Decided: %(side)s %(quantity)s %(symbol)s, about to be sent."),
    Code.EXECUTED.value: _("%(side)s %(quantity)s %(symbol)s: the venue has the order."),
    Code.AWAITING_APPROVAL.value: _("Waits for your approval: %(side)s %(quantity)s %(symbol)s."),
    Code.APPROVAL_EXPIRED.value: _("Skipped: nobody approved it in time."),
    Code.APPROVAL_REJECTED.value: _("Not copied: you rejected it."),
    Code.COPY_PAUSED.value: _("Skipped: the copy was not active any more when you approved."),
    Code.NOTIFY_ONLY.value: _("Skipped: this subscription only notifies."),
    Code.TRADED_HERE.value: _("Nothing to copy: this account traded it itself."),
    Code.CONSENT_MISSING.value: _("Skipped: you have not agreed to the copy-trading disclosure."),
    Code.ACCOUNT_INACTIVE.value: _("Skipped: the exchange account is not active."),
    Code.KILL_SWITCH.value: _("Skipped: a kill switch blocks new positions."),
    Code.RECOVERING.value: _(
        "Skipped: after an outage the account is compared with the exchange first."
    ),
    Code.KEY_GUARD.value: _("Not sent: the limits set for the account's keys do not allow it."),
    Code.SYMBOL_NOT_ALLOWED.value: _("Skipped: your settings leave out %(symbol)s."),
    Code.DAILY_LOSS.value: _("Skipped: today's loss on the account blocks new positions."),
    Code.DAILY_TRADES.value: _("Skipped: the account has reached its trades for today."),
    Code.SIGNAL_TOO_OLD.value: _("Skipped: the signal was too old to open a position."),
    Code.STALE_ACCOUNT.value: _("Skipped: the account's balance was not fresh enough."),
    Code.NO_INSTRUMENT.value: _("Skipped: the account's venue does not trade %(symbol)s."),
    Code.MARKET_CLOSED.value: _("Skipped: %(symbol)s is not trading at the venue."),
    Code.STALE_PRICE.value: _("Skipped: no fresh price of %(symbol)s."),
    Code.MARKET_CLOSE_ONLY.value: _("Skipped: positions in %(symbol)s can only be closed now."),
    Code.WIDE_SPREAD.value: _("Skipped: bid and ask of %(symbol)s were too far apart."),
    Code.THIN_BOOK.value: _("Skipped: too little of %(symbol)s was on offer for this order."),
    Code.NO_BOOK.value: _("Skipped: the order book of %(symbol)s was not known."),
    Code.PRICE_DEVIATION.value: _("Skipped: the price had moved too far from the signal's."),
    Code.UNRESOLVED_ORDER.value: _("Skipped: an earlier order in %(symbol)s is still unclear."),
    Code.OPPOSITE_POSITION.value: _("Skipped: the account holds %(symbol)s the other way."),
    Code.MAX_OPEN.value: _("Skipped: the limit of open positions is reached."),
    Code.ISOLATED_LEVERAGE.value: _(
        "Skipped: the account trades %(symbol)s with isolated margin and a higher leverage."
    ),
    Code.NO_STOP.value: _("Skipped: sizing by risk needs a stop, and the signal has none."),
    Code.NO_PROVIDER_SIZE.value: _("Skipped: the provider's own size is not known."),
    Code.NO_VOLATILITY.value: _("Skipped: the volatility of %(symbol)s is not known."),
    Code.EXPOSURE_CAP.value: _("Skipped: this copy's exposure is at its limit."),
    Code.POSITION_CAP.value: _("Skipped: the position in %(symbol)s is at its cap."),
    Code.NO_FREE_MARGIN.value: _("Skipped: no free margin."),
    Code.BELOW_MIN_QUANTITY.value: _("Skipped: the size is below the venue's smallest quantity."),
    Code.BELOW_MIN_NOTIONAL.value: _("Skipped: the size is below the venue's smallest order."),
    Code.NOTHING_TO_CLOSE.value: _("Nothing to close: this copy holds no %(symbol)s."),
    Code.CLOSED_BEFORE_SENT.value: _("Skipped: the signal was closed before this was sent."),
    Code.CLOSED_BEFORE_FILLED.value: _(
        "Skipped: the signal was closed before this was filled, and the order was cancelled."
    ),
    Code.BUDGET_UNAVAILABLE.value: _("Skipped: sending was not possible in time."),
    Code.VENUE_DOWN.value: _("Skipped: the venue did not work while the signal was valid."),
    Code.VENUE_BUSY.value: _("Skipped: the venue's limits let it through too late."),
    Code.OUTCOME_UNKNOWN.value: _("The venue gave no clear answer; the order is being looked up."),
    Code.DECLARED_ABSENT.value: _(
        "Nobody could tell whether the order had arrived; support found that it had not."
    ),
    Code.COPY_STOPPED.value: _("Not opened: you stopped the copy."),
    Code.PAUSED_BEFORE_SENT.value: _("Not opened: the copy was paused meanwhile."),
    Code.LEFT_TO_PERSON.value: _("Yours now: you kept the position."),
    Code.NEEDS_PERSON.value: _("Still unclear whether the venue has the order; support looks."),
}
_VENUE = _("Refused by the venue: %(message)s")
_SIDES = {"buy": _("Buy"), "sell": _("Sell")}


def side_of(*, action: str, direction: str, inputs: Mapping[str, str]) -> str:
    """Buy or sell, as the receipt says; one that never came to an order has the signal's."""
    if "side" in inputs:
        return inputs["side"]
    return "buy" if (direction == "long") == (action == "open") else "sell"


def line(*, code: str, side: str, quantity: str, symbol: str, message: str) -> str:
    """The sentence of a receipt in the active language; an unknown code is shown as it is."""
    text = _LINES.get(code) or (_VENUE if code.startswith("venue.") else code)
    values: Mapping[str, object] = {
        "side": _SIDES.get(side, side),
        "quantity": quantity,
        "symbol": symbol,
        "message": message or code,
    }
    return str(text) % values


_SOURCES = {
    Source.PLATFORM.value: _("platform"),
    Source.PLAN.value: _("your plan"),
    Source.STRATEGY.value: _("the strategy"),
    Source.ACCOUNT.value: _("the account"),
    Source.SUBSCRIPTION.value: _("your settings"),
    Source.VENUE.value: _("the venue"),
}
CAPS = {
    StepName.MAX_POSITION.value: _("Max position"),
    StepName.EXPOSURE.value: _("Max exposure"),
    StepName.TRADE_RISK.value: _("Risk of one trade"),
    StepName.NOTIONAL_CAP.value: _("Notional"),
    StepName.FREE_MARGIN.value: _("Free margin"),
    StepName.MAX_QUANTITY.value: _("Venue's largest order"),
    StepName.POSITION.value: _("What this copy holds"),
}
"""Names of the steps that cap a quantity."""
_ARITHMETIC = {
    each.value
    for each in (
        StepName.SIZE,
        StepName.PART,
        StepName.MULTIPLIER,
        StepName.KEPT,
        StepName.FRACTION,
    )
}


def source_name(source: str) -> str:
    """Who set a limit, in the active language; empty for nobody."""
    return str(_SOURCES.get(source, source))


def why_this_much(steps: Sequence[Mapping[str, str]]) -> str:
    """How a quantity came about, in one line: formula, what cut it, rounding."""
    told: list[str] = []
    for step in steps:
        name = step["name"]
        if name in _ARITHMETIC:
            told.append(f"{step['formula']} = {short(step['after'])}")
        elif name in CAPS and Decimal(step["after"]) < Decimal(step.get("before", step["after"])):
            told.append(_cut(step))
        elif name == StepName.ROUNDING.value and step.get("before") != step["after"]:
            values = {"to": step["after"], "step": step.get("limit", "0")}
            told.append(str(_("rounded to %(to)s (step %(step)s)") % values))
    return "; ".join(told)


def _cut(step: Mapping[str, str]) -> str:
    values = {"cap": str(CAPS[step["name"]]).lower(), "to": short(step["after"])}
    source = source_name(step.get("source", ""))
    if not source:
        return str(_("cut to %(to)s by %(cap)s") % values)
    return str(_("cut to %(to)s by %(cap)s (%(source)s)") % {**values, "source": source})


def short(number: str) -> str:
    """At most eight decimals, without trailing zeros: enough to check the arithmetic by hand."""
    whole, dot, rest = number.partition(".")
    return (whole + dot + rest[:8]).rstrip("0").rstrip(".") if dot else number
