"""One readable line a receipt, in the reader's language. Codes are the contract, lines are not."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from trading.domain.receipts import Code

_LINES = {
    Code.PLANNED.value: _("Decided: %(side)s %(quantity)s %(symbol)s, about to be sent."),
    Code.EXECUTED.value: _("%(side)s %(quantity)s %(symbol)s: the venue has the order."),
    Code.AWAITING_APPROVAL.value: _("Waits for your approval: %(side)s %(quantity)s %(symbol)s."),
    Code.APPROVAL_EXPIRED.value: _("Skipped: nobody approved it in time."),
    Code.NOTIFY_ONLY.value: _("Skipped: this subscription only notifies."),
    Code.ACCOUNT_INACTIVE.value: _("Skipped: the exchange account is not active."),
    Code.KILL_SWITCH.value: _("Skipped: a kill switch blocks new positions."),
    Code.SIGNAL_TOO_OLD.value: _("Skipped: the signal was too old to open a position."),
    Code.STALE_ACCOUNT.value: _("Skipped: the account's balance was not fresh enough."),
    Code.NO_INSTRUMENT.value: _("Skipped: the account's venue does not trade %(symbol)s."),
    Code.MARKET_CLOSED.value: _("Skipped: %(symbol)s is not trading at the venue."),
    Code.STALE_PRICE.value: _("Skipped: no fresh price of %(symbol)s."),
    Code.PRICE_DEVIATION.value: _("Skipped: the price had moved too far from the signal's."),
    Code.UNRESOLVED_ORDER.value: _("Skipped: an earlier order in %(symbol)s is still unclear."),
    Code.OPPOSITE_POSITION.value: _("Skipped: the account holds %(symbol)s the other way."),
    Code.MAX_OPEN.value: _("Skipped: the limit of open positions is reached."),
    Code.NO_STOP.value: _("Skipped: sizing by risk needs a stop, and the signal has none."),
    Code.POSITION_CAP.value: _("Skipped: the position in %(symbol)s is at its cap."),
    Code.NO_FREE_MARGIN.value: _("Skipped: no free margin."),
    Code.BELOW_MIN_QUANTITY.value: _("Skipped: the size is below the venue's smallest quantity."),
    Code.BELOW_MIN_NOTIONAL.value: _("Skipped: the size is below the venue's smallest order."),
    Code.NOTHING_TO_CLOSE.value: _("Nothing to close: this copy holds no %(symbol)s."),
    Code.CLOSED_BEFORE_SENT.value: _("Skipped: the signal was closed before this was sent."),
    Code.BUDGET_UNAVAILABLE.value: _("Skipped: sending was not possible in time."),
    Code.VENUE_DOWN.value: _("Skipped: the venue did not work while the signal was valid."),
    Code.VENUE_BUSY.value: _("Skipped: the venue's limits let it through too late."),
    Code.OUTCOME_UNKNOWN.value: _("The venue gave no clear answer; the order is being looked up."),
    Code.NEEDS_PERSON.value: _("Still unclear whether the venue has the order; support looks."),
}
_VENUE = _("Refused by the venue: %(message)s")
_SIDES = {"buy": _("Buy"), "sell": _("Sell")}


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
