"""What an operator may do with a connection; each action is one command an account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mimic.console.actions import object_action
from mimic.core.errors import Forbidden
from trading.execution import connecting
from trading.execution.connection_states import TABLE, Cause
from trading.execution.connections import holdings_of
from trading.models import AccountState, ExchangeAccount


def operator_of(request: HttpRequest) -> User:
    """Who acts. Raises Forbidden for nobody."""
    if not request.user.is_authenticated:
        raise Forbidden
    return request.user


@object_action(description=_("Approve"))
def approve(request: HttpRequest, account: ExchangeAccount, _reason: str) -> None:
    connecting.approve_account(account=account, by=operator_of(request), now=timezone.now())


@object_action(
    description=_("Reject"),
    dangerous=True,
    consequences=_("The account does not trade. Its owner reads your reason, word by word."),
)
def reject(request: HttpRequest, account: ExchangeAccount, reason: str) -> None:
    connecting.turn_down_account(
        account=account, by=operator_of(request), reason=reason, now=timezone.now()
    )


@object_action(description=_("Check keys again now"))
def check_again(_request: HttpRequest, account: ExchangeAccount, _reason: str) -> None:
    connecting.recheck_account(account=account, now=timezone.now())


@object_action(
    description=_("Disable"),
    dangerous=True,
    consequences=_(
        "Nothing new is opened. The keys stay, so that what is open can be closed. The owner reads "
        "your reason and cannot enable the account."
    ),
)
def disable(request: HttpRequest, account: ExchangeAccount, reason: str) -> None:
    connecting.disable_account(
        account=account, by=operator_of(request), reason=reason, now=timezone.now()
    )


@object_action(
    description=_("Enable"),
    dangerous=True,
    consequences=_("The keys are checked at the venue; if they pass, the account trades again."),
)
def enable(request: HttpRequest, account: ExchangeAccount, reason: str) -> None:
    connecting.enable_account(
        account=account, by=operator_of(request), reason=reason, now=timezone.now()
    )


def _what_is_lost(accounts: Sequence[Any]) -> str:
    open_now = holdings_of(*(account.pk for account in accounts))
    text = gettext(
        "The keys are erased for good and the accounts disabled. From here nothing can be closed "
        "any more: owners must act at the venue. Revoke the keys there too."
    )
    if not open_now:
        return f"{text} {gettext('Nothing is open on them now.')}"
    positions = ngettext("%(n)d position", "%(n)d positions", open_now.positions)
    orders = ngettext("%(n)d order", "%(n)d orders", open_now.orders)
    return gettext("%(text)s Open on them now: %(positions)s, %(orders)s.") % {
        "text": text,
        "positions": positions % {"n": open_now.positions},
        "orders": orders % {"n": open_now.orders},
    }


@object_action(description=_("Revoke keys"), dangerous=True, consequences=_what_is_lost)
def revoke(request: HttpRequest, account: ExchangeAccount, reason: str) -> None:
    connecting.revoke_keys(
        account=account, by=operator_of(request), reason=reason, now=timezone.now()
    )


ACTIONS = (approve, reject, check_again, disable, enable, revoke)
_CAUSES = {
    "approve": Cause.APPROVE,
    "reject": Cause.TURN_DOWN,
    "disable": Cause.DISABLE,
    "enable": Cause.ENABLE,
}


def possible_actions(account: ExchangeAccount) -> list[tuple[str, str]]:
    """Name and text of the actions that its state and its keys allow."""
    allowed = {
        name for name, cause in _CAUSES.items() if AccountState(account.state) in TABLE[cause][0]
    }
    if account.sealed_keys is not None:
        allowed |= {"check_again", "revoke"}
    else:
        allowed.discard("enable")
    chosen: list[Any] = [action for action in ACTIONS if action.__name__ in allowed]
    return [(action.__name__, str(action.short_description)) for action in chosen]
