"""Reasons of an account's state in a person's words; an operator's own text stays as it is."""

from __future__ import annotations

from django.utils.translation import gettext as _

from trading.models import ExchangeAccount


def explain_state(account: ExchangeAccount) -> str:
    """One sentence, or empty when the state speaks for itself."""
    reasons = {
        "keys.refused": _("The venue refused these keys."),
        "keys.can_withdraw": _(
            "These keys may withdraw. Make keys without that right: we never accept it."
        ),
        "keys.cannot_trade": _("These keys may not trade futures."),
        "keys.no_answer": _("The venue did not answer. Try again later."),
        "keys.unreadable": _("The stored keys cannot be read. Enter them again."),
        "approval.venue": _("Accounts at this venue are looked at by an operator first."),
        "approval.rights_unknown": _(
            "The venue does not tell what these keys may do, so an operator looks first."
        ),
    }
    return reasons.get(account.state_reason, account.state_reason)
