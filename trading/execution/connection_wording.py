"""An account's state and a check's findings in a person's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trading.execution.connection_states import REMOVED
from trading.models import AccountCheck, AccountState, CheckOutcome, ExchangeAccount

_CLOCK_OFF_MS = 1_000
_KEYS = gettext_lazy("Keys work")
_TRADE = gettext_lazy("Can trade")
_WITHDRAW = gettext_lazy("Cannot withdraw")
_ADDRESSES = gettext_lazy("Bound to addresses")
_CLOCK = gettext_lazy("Our clock")
_POSITION_MODE = gettext_lazy("Position mode")
_MARGIN_MODE = gettext_lazy("Margin mode")
QUESTIONS = (_KEYS, _TRADE, _WITHDRAW, _ADDRESSES, _CLOCK, _POSITION_MODE, _MARGIN_MODE)
"""What a live check asks, in the order of its findings."""

STATE_TONES: Final[dict[str, str]] = {
    AccountState.DRAFT: "neutral",
    AccountState.CHECKING: "info",
    AccountState.PENDING_APPROVAL: "warn",
    AccountState.ACTIVE: "up",
    AccountState.REJECTED: "down",
    AccountState.DISABLED: "neutral",
    AccountState.FAILING: "down",
}
OUTCOME_TONES: Final[dict[str, str]] = {
    CheckOutcome.PASSED: "up",
    CheckOutcome.REFUSED: "down",
    CheckOutcome.NO_ANSWER: "warn",
    CheckOutcome.SUPERSEDED: "neutral",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a state means, why it came to be, and what its owner can do; each may be empty."""

    text: str
    reason: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check. ``tone`` is up, down, warn or neutral."""

    label: str | Promise
    text: str
    tone: str


def explain_state(account: ExchangeAccount) -> str:
    """One sentence, or empty when the state speaks for itself; an operator's words stay so."""
    return _explain(account.state_reason)


def explain_check(check: AccountCheck) -> str:
    """Why the check ended as it did; empty when it passed or goes on."""
    return _explain(check.code)


def state_meaning(account: ExchangeAccount) -> Meaning:
    """For the account's owner."""
    if account.kind == ExchangeAccount.Kind.PAPER:
        return Meaning(_("Play money. Nothing reaches an exchange."), "", "")
    text, step = {
        AccountState.DRAFT: (_("No keys yet."), _("Enter keys.")),
        AccountState.CHECKING: (
            _("The exchange is being asked what these keys may do."),
            _("Nothing to do: it usually takes a few seconds."),
        ),
        AccountState.PENDING_APPROVAL: (
            _("The keys passed the check. Nothing is traded before an operator agrees."),
            _("Nothing to do: the state changes here when they have decided."),
        ),
        AccountState.ACTIVE: (_("Checked. What you copy is traded here."), ""),
        AccountState.REJECTED: (
            _("Not connected. Nothing is traded with these keys."),
            _("Mend the cause, then enter keys again."),
        ),
        AccountState.DISABLED: (
            _("An operator stopped this account. Nothing new is opened."),
            _("Ask support what is needed."),
        ),
        AccountState.FAILING: (
            _("These keys worked and do not any more. Nothing is traded until they do."),
            _("Give the keys their rights back and test again, or replace them."),
        ),
    }[AccountState(account.state)]
    reason = "" if account.state == AccountState.CHECKING else explain_state(account)
    return Meaning(text, reason, step)


def findings(check: AccountCheck) -> list[Finding]:
    """What a check that has ended found out, one line each."""
    if check.outcome == CheckOutcome.NO_ANSWER:
        return [Finding(_KEYS, _("the exchange did not answer"), "warn")]
    if check.code in ("keys.refused", "keys.unreadable"):
        return [Finding(_KEYS, _("no"), "down")]
    return [
        Finding(_KEYS, _("yes"), "up"),
        _right(_TRADE, check.can_trade, good=_("yes"), bad=_("no: nothing could be copied")),
        _right(
            _WITHDRAW,
            None if check.can_withdraw is None else not check.can_withdraw,
            good=_("right: these keys take no money out"),
            bad=_("they can: such keys are never accepted"),
        ),
        _addresses(check.ip_restricted),
        _clock(check.clock_ahead_ms),
        _mode(_POSITION_MODE, {None: "", True: _("hedge"), False: _("one-way")}[check.hedge]),
        _mode(_MARGIN_MODE, _margin(check.margin_mode)),
    ]


def clock_text(ahead_ms: int) -> str:
    """``412 ms ahead``: our clock against the venue's."""
    if ahead_ms == 0:
        return _("equal")
    amount = abs(ahead_ms)
    text = (
        ngettext("%(n)d ms ahead", "%(n)d ms ahead", amount)
        if ahead_ms > 0
        else ngettext("%(n)d ms behind", "%(n)d ms behind", amount)
    )
    return text % {"n": amount}


def _explain(code: str) -> str:
    reasons = {
        "keys.refused": _("The exchange refused these keys."),
        "keys.can_withdraw": _(
            "These keys may withdraw. Make keys without that right: we never accept it."
        ),
        "keys.cannot_trade": _("These keys may not trade futures."),
        "keys.no_answer": _("The exchange did not answer. Try again later."),
        "keys.unreadable": _("The stored keys cannot be read. Enter them again."),
        "approval.venue": _("Accounts at this exchange are looked at by an operator first."),
        "approval.rights_unknown": _(
            "The exchange does not tell what these keys may do, so an operator looks first."
        ),
        REMOVED: _("Its owner removed it; the keys are gone."),
    }
    return reasons.get(code, code)


def _right(label: Promise, value: bool | None, *, good: str, bad: str) -> Finding:
    if value is None:
        return Finding(label, _("the exchange does not tell"), "warn")
    return Finding(label, good, "up") if value else Finding(label, bad, "down")


def _addresses(bound: bool | None) -> Finding:
    if bound is None:
        return Finding(_ADDRESSES, _("the exchange does not tell"), "neutral")
    if bound:
        return Finding(_ADDRESSES, _("yes"), "up")
    return Finding(_ADDRESSES, _("no: stolen keys would work from anywhere"), "warn")


def _clock(ahead_ms: int | None) -> Finding:
    if ahead_ms is None:
        return Finding(_CLOCK, _("not measured"), "neutral")
    text = clock_text(ahead_ms)
    if abs(ahead_ms) < _CLOCK_OFF_MS:
        return Finding(_CLOCK, text, "up")
    return Finding(_CLOCK, _("%(skew)s: corrected in every request") % {"skew": text}, "warn")


def _mode(label: Promise, text: str) -> Finding:
    return Finding(label, text or _("the exchange does not tell"), "neutral")


def _margin(mode: str) -> str:
    names = {"cross": _("cross"), "isolated": _("isolated"), "mixed": _("differs by market")}
    return names.get(mode, mode)
