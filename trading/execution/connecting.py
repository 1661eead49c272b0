"""Commands about a person's connection to a venue: connect, new keys, approve, disable, remove.

Web seals keys and can never open them. An account's keys are saved only after they passed the
live check (:mod:`trading.execution.key_checks`); until then they wait, sealed, with the check.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from accounts.models import User
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import FieldProblem, MimicError, ValidationFailed
from mimic.core.sealing import seal
from trading.domain.ports import Credentials
from trading.execution import budgets
from trading.execution.connection_states import REMOVED, Cause, lock_account, move_account
from trading.execution.connections import holdings_of
from trading.execution.key_checks import ask_for_check, drop_open_check
from trading.models import AccountBudget, AccountCheck, AccountState, ExchangeAccount, Venue
from trading.venues.credentials import FIELDS, key_context, pack

RECHECK_AFTER = timedelta(hours=24)
_LONGEST = 4096  # some venues' secrets are PEM blocks
KEYS_GIVEN = declare("trading.keys.give", gettext_lazy("Exchange keys given"), facts=["venue"])
KEYS_FORGOTTEN = declare(
    "trading.keys.forget", gettext_lazy("Exchange keys erased"), facts=["venue"], private=["reason"]
)


class VenueNotOffered(MimicError):
    """Expected; show the text."""

    code = "connection.venue_not_offered"
    status = 422
    title = _("Accounts at this venue cannot be connected")


class LabelTaken(MimicError):
    """Expected; ask for another name."""

    code = "connection.label_taken"
    status = 409
    title = _("You have an account of this name already")


class WrongState(MimicError):
    """Expected: somebody was faster, or the page was old. Show the account anew."""

    code = "connection.wrong_state"
    status = 409
    title = _("The account's state does not allow this")


class NoKeys(MimicError):
    """Expected: there is nothing to check. Ask for keys."""

    code = "connection.no_keys"
    status = 409
    title = _("The account has no keys")


class AccountInUse(MimicError):
    """Expected: without keys nobody could close what is open. Ask to close it first."""

    code = "connection.in_use"
    status = 409
    title = _("Positions or orders are open on this account")


@transaction.atomic(durable=True)
def connect_account(
    *, user: User, venue: Venue, label: str, credentials: Credentials, demo: bool, now: datetime
) -> ExchangeAccount:
    """Command: a new account whose keys are on their way to the live check.

    Raises :class:`VenueNotOffered`, :class:`LabelTaken`, ValidationFailed.
    """
    _check_offered(venue, demo=demo)
    _check_complete(venue, credentials)
    kind = ExchangeAccount.Kind.DEMO if demo else ExchangeAccount.Kind.LIVE
    account = ExchangeAccount(user=user, venue=venue, kind=kind, route=venue.code, label=label)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError:
        raise LabelTaken(label) from None
    AccountBudget.objects.create(account=account)
    _submit(account, credentials, now)
    return account


@transaction.atomic(durable=True)
def replace_keys(*, account: ExchangeAccount, credentials: Credentials, now: datetime) -> None:
    """Command: check new keys; until they pass, an account that trades keeps its old ones.

    A disabled account stays so: only an operator lifts that (:func:`enable_account`).
    Raises ValidationFailed; :class:`WrongState` for a paper account.
    """
    locked = lock_account(account.pk)
    if locked.kind == ExchangeAccount.Kind.PAPER:
        raise WrongState("a paper account has no keys")
    _check_complete(locked.venue, credentials)
    _submit(locked, credentials, now)


@transaction.atomic(durable=True)
def recheck_account(*, account: ExchangeAccount, now: datetime) -> None:
    """Command: ask the venue again about the keys that are saved. Raises :class:`NoKeys`."""
    locked = lock_account(account.pk)
    if locked.sealed_keys is None:
        raise NoKeys()
    move_account(account=locked, cause=Cause.SUBMIT, now=now)
    ask_for_check(account=locked, new_keys=None, now=now)


@transaction.atomic(durable=True)
def approve_account(*, account: ExchangeAccount, by: User, now: datetime) -> None:
    """Command: an operator lets a checked account trade. Raises :class:`WrongState`."""
    _move(account, Cause.APPROVE, by=by, reason="", now=now)


@transaction.atomic(durable=True)
def turn_down_account(*, account: ExchangeAccount, by: User, reason: str, now: datetime) -> None:
    """Command: an operator rejects a checked account. Raises :class:`WrongState`."""
    _move(account, Cause.TURN_DOWN, by=by, reason=reason, now=now)


@transaction.atomic(durable=True)
def disable_account(*, account: ExchangeAccount, by: User, reason: str, now: datetime) -> None:
    """Command: no new positions; the keys stay, so that open ones can be closed.

    Raises :class:`WrongState`.
    """
    drop_open_check(account=_move(account, Cause.DISABLE, by=by, reason=reason, now=now), now=now)


@transaction.atomic(durable=True)
def enable_account(*, account: ExchangeAccount, by: User, now: datetime, reason: str = "") -> None:
    """Command: a disabled account goes through the live check again.

    Raises :class:`WrongState`, :class:`NoKeys`.
    """
    locked = _move(account, Cause.ENABLE, by=by, reason=reason, now=now)
    if locked.sealed_keys is None:
        raise NoKeys()
    ask_for_check(account=locked, new_keys=None, now=now)


@transaction.atomic(durable=True)
def revoke_keys(*, account: ExchangeAccount, by: User, reason: str, now: datetime) -> bool:
    """Command: forget the keys for good, whatever is open at the venue; False without any."""
    locked = lock_account(account.pk)
    drop_open_check(account=locked, now=now)
    move_account(account=locked, cause=Cause.DISABLE, by=by, reason=reason, now=now)
    return _forget(locked, by=by, reason=reason)


@transaction.atomic(durable=True)
def rename_account(*, account: ExchangeAccount, label: str) -> None:
    """Command: another name, by which receipts show it too. Raises :class:`LabelTaken`."""
    try:
        with transaction.atomic():
            ExchangeAccount.objects.filter(pk=account.pk).update(label=label)
    except IntegrityError:
        raise LabelTaken(label) from None


@transaction.atomic(durable=True)
def remove_account(*, account: ExchangeAccount, by: User, now: datetime) -> None:
    """Command: its owner gives the account up: keys forgotten, nothing traded; history stays.

    One that an operator disabled stays disabled for the operator's reason, without keys.
    Raises :class:`AccountInUse`.
    """
    locked = lock_account(account.pk)
    budgets.lock([locked.pk])  # no decision about this account is half way now
    if holdings_of(locked.pk):
        raise AccountInUse()
    drop_open_check(account=locked, now=now)
    move_account(account=locked, cause=Cause.REMOVE, by=by, reason=REMOVED, now=now)
    _forget(locked, by=by, reason=REMOVED)


def sweep_rechecks(now: datetime) -> int:
    """Sweeper: rights change at the venue, so connected accounts are checked once a day."""
    recent = AccountCheck.objects.filter(account=OuterRef("pk"), asked_at__gt=now - RECHECK_AFTER)
    connected = AccountCheck.objects.filter(account=OuterRef("pk"))
    due = ExchangeAccount.objects.filter(
        Exists(connected),
        ~Exists(recent),
        state__in=(AccountState.ACTIVE, AccountState.FAILING),
        sealed_keys__isnull=False,
    )
    found = list(due.order_by("pk")[:20])
    for account in found:
        recheck_account(account=account, now=now)
    return len(found)


def _submit(account: ExchangeAccount, credentials: Credentials, now: datetime) -> None:
    box = seal(pack(credentials), context=key_context(account.public_id))
    move_account(account=account, cause=Cause.SUBMIT, now=now)
    ask_for_check(account=account, new_keys=box, now=now)
    record(KEYS_GIVEN, target=account, about=account.user, facts={"venue": account.venue_id})


def _forget(account: ExchangeAccount, *, by: User, reason: str) -> bool:
    """False if there were none."""
    keyed = ExchangeAccount.objects.filter(pk=account.pk, sealed_keys__isnull=False)
    if not keyed.update(sealed_keys=None):
        return False
    facts = {"venue": account.venue_id}
    record(KEYS_FORGOTTEN, target=account, by=by, facts=facts, private={"reason": reason})
    return True


def _move(
    account: ExchangeAccount, cause: Cause, *, by: User, reason: str, now: datetime
) -> ExchangeAccount:
    locked = lock_account(account.pk)
    if not move_account(account=locked, cause=cause, by=by, reason=reason, now=now):
        raise WrongState(locked.get_state_display())
    return locked


def _check_offered(venue: Venue, *, demo: bool) -> None:
    if not venue.enabled:
        raise VenueNotOffered(venue.name)
    if demo and venue.demo != Venue.Demo.DEMO:
        raise VenueNotOffered(f"{venue.name}: no practice accounts")
    if not set(venue.credentials) <= FIELDS.keys():
        raise VenueNotOffered(f"{venue.name}: keys of this kind cannot be kept")


def _check_complete(venue: Venue, credentials: Credentials) -> None:
    """Raises ValidationFailed naming what the venue asks for and is missing or too long."""
    names = [FIELDS[name] for name in venue.credentials]
    wrong: list[FieldProblem] = [
        {"pointer": f"/{name}", "code": "required", "detail": name}
        for name in names
        if not 0 < len(getattr(credentials, name)) <= _LONGEST
    ]
    if wrong:
        raise ValidationFailed(errors=wrong)
