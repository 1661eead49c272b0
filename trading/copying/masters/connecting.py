"""Commands about a strategy's master account: connect, pause, resume, preview, disconnect.

What may follow what is one table; each change is audited.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from accounts.models import ConsentKind, Role, User
from accounts.selectors import consent_missing, version_in_force
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import MimicError
from signals.models import Strategy
from trading.models import AccountState, ExchangeAccount, MasterAccount, MasterState
from trading.venues.registry import has_user_streams

CONNECTED = declare(
    "trading.master.connect", gettext_lazy("Master account connected"), facts=["strategy", "venue"]
)
CHANGED = declare(
    "trading.master.change",
    gettext_lazy("Master account changed"),
    facts=["change"],
    private=["reason"],
)
RULED = declare(
    "trading.master.rules",
    gettext_lazy("What a master account does not mirror"),
    facts=["ignored_symbols", "no_copy_prefix"],
)


class MasterNotAllowed(MimicError):
    """Expected; only the provider's own account, or an owner's, may speak for a strategy."""

    code = "master.not_allowed"
    status = 403
    title = _("This account may not speak for this strategy")


class MasterUnfit(MimicError):
    """Expected; show the text."""

    code = "master.unfit"
    status = 422
    title = _("This account cannot be a master")


class MasterTaken(MimicError):
    """Expected: disconnect the other one first."""

    code = "master.taken"
    status = 409
    title = _("The strategy has a master account already, or the account a strategy")


class MasterConsent(MimicError):
    """Expected: ask the account's owner for the master account terms first."""

    code = "master.consent"
    status = 409
    title = _("The account's owner has not agreed to the master account terms")


class MasterWrongState(MimicError):
    """Expected: somebody was faster. Show the master anew."""

    code = "master.wrong_state"
    status = 409
    title = _("The master account's state does not allow this")


class Change(StrEnum):
    PAUSE = "pause"  # opens are not mirrored; closes are
    RESUME = "resume"
    PREVIEW = "preview"  # signals are written, nobody gets them
    PUBLISH = "publish"
    DISCONNECT = "disconnect"


_SYMBOL = re.compile("[A-Z0-9]{2,32}")
_S = MasterState
_ALIVE = frozenset({_S.ACTIVE, _S.PAUSED})
TABLE: dict[Change, tuple[frozenset[MasterState], dict[str, object]]] = {
    Change.PAUSE: (_ALIVE, {"state": _S.PAUSED}),
    Change.RESUME: (_ALIVE, {"state": _S.ACTIVE}),
    Change.PREVIEW: (_ALIVE, {"preview": True}),
    Change.PUBLISH: (_ALIVE, {"preview": False}),
    Change.DISCONNECT: (_ALIVE, {"state": _S.DISCONNECTED}),
}


class Rules(NamedTuple):
    """What is not mirrored. Symbols are ours (``BTCUSDT``)."""

    ignored_symbols: Sequence[str] = ()
    no_copy_prefix: str = "nocopy"


USUAL = Rules()


def check_master(*, strategy: Strategy, account: ExchangeAccount, by: User) -> None:
    """Raises what :func:`connect_master` would, before anybody asks for it."""
    _check_rights(strategy, account, by)
    _check_fit(account)
    if consent_missing(account.user_id, ConsentKind.MASTER_ACCOUNT):
        raise MasterConsent()
    taken = MasterAccount.objects.filter(Q(strategy=strategy) | Q(account=account), ended_at=None)
    if taken.exists():
        raise MasterTaken()


@transaction.atomic(durable=True)
def connect_master(
    *, strategy: Strategy, account: ExchangeAccount, by: User, now: datetime, rules: Rules = USUAL
) -> MasterAccount:
    """Command: from now on what is traded on the account is mirrored, in preview at first.

    Raises :class:`MasterNotAllowed`, :class:`MasterUnfit`, :class:`MasterConsent`,
    :class:`MasterTaken`.
    """
    check_master(strategy=strategy, account=account, by=by)
    master = MasterAccount(
        strategy=strategy,
        account=account,
        connected_by=by,
        connected_at=now,
        consent_version=version_in_force(ConsentKind.MASTER_ACCOUNT),
        **tidy(rules)._asdict(),
    )
    try:
        with transaction.atomic():
            master.save(force_insert=True)
    except IntegrityError:
        raise MasterTaken() from None
    facts = {"strategy": strategy.slug, "venue": account.venue_id}
    record(CONNECTED, target=master, by=by, about=account.user, facts=facts)
    return master


@transaction.atomic(durable=True)
def change_master(
    *, master: MasterAccount, change: Change, by: User, now: datetime, reason: str = ""
) -> None:
    """Command: done twice it is done once. Raises :class:`MasterWrongState`."""
    sources, written = TABLE[change]
    ended = {"ended_at": now} if change is Change.DISCONNECT else {}
    rows = MasterAccount.objects.filter(pk=master.pk, state__in=sources)
    if not rows.update(**written, **ended):
        raise MasterWrongState(master.get_state_display())
    facts, about = {"change": change.value}, master.account.user
    record(CHANGED, target=master, by=by, about=about, facts=facts, private={"reason": reason})


@transaction.atomic(durable=True)
def set_rules(*, master: MasterAccount, rules: Rules, by: User) -> None:
    """Command: for what is traded from now on. Raises :class:`MasterWrongState`, MasterUnfit."""
    kept = tidy(rules)
    rows = MasterAccount.objects.filter(pk=master.pk, state__in=_ALIVE)
    if not rows.update(**kept._asdict()):
        raise MasterWrongState(master.get_state_display())
    facts: dict[str, str | list[str]] = {
        "ignored_symbols": list(kept.ignored_symbols),
        "no_copy_prefix": kept.no_copy_prefix,
    }
    record(RULED, target=master, by=by, about=master.account.user, facts={**facts})


def pause_masters_of(user_id: int) -> None:
    """Operation: the person took the master account terms back: nothing of theirs opens more."""
    sources, written = TABLE[Change.PAUSE]
    rows = MasterAccount.objects.filter(account__user_id=user_id, state__in=sources)
    rows.update(**written)


def _check_rights(strategy: Strategy, account: ExchangeAccount, by: User) -> None:
    """The account is the provider's or an owner's; who connects it is one of them, or staff that
    runs the platform.
    """
    provider_id = strategy.provider.user_id
    speaks = account.user_id == provider_id or account.user.role == Role.OWNER
    acts = by.pk in (provider_id, account.user_id) or by.role in (Role.OWNER, Role.ADMIN)
    if not speaks or not acts:
        raise MasterNotAllowed()


def _check_fit(account: ExchangeAccount) -> None:
    if account.kind == ExchangeAccount.Kind.PAPER:
        raise MasterUnfit("a paper account has no trades of its own")
    if not has_user_streams(account.venue_id):
        raise MasterUnfit(f"{account.venue.name} does not tell us what its accounts trade")
    if account.state != AccountState.ACTIVE:
        raise MasterUnfit(account.get_state_display())


def tidy(rules: Rules) -> Rules:
    """As they are kept. Raises :class:`MasterUnfit` for what is like no symbol or prefix."""
    symbols = sorted({each.strip().upper() for each in rules.ignored_symbols} - {""})
    prefix = rules.no_copy_prefix.strip()
    if not 2 <= len(prefix) <= 16:
        raise MasterUnfit("the no-copy prefix has 2 to 16 characters")
    odd = [each for each in symbols if not _SYMBOL.fullmatch(each)]
    if odd:
        raise MasterUnfit(f"{odd[0][:40]!r} is not like BTCUSDT")
    return Rules(symbols, prefix)
