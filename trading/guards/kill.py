"""Kill switches: set, changed and lifted by a person with a reason, in force in every process.

Nothing is cached: decisions read the rows in their own query, senders look before each claim and
twice a second at what they have claimed and not sent, so a switch acts within a second and
survives any restart.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import MimicError
from signals.models import Strategy
from trading.guards.flatten import carry_out
from trading.models import (
    ExchangeAccount,
    Instrument,
    KillEffect,
    KillEvent,
    KillScope,
    KillSwitch,
    Position,
    Venue,
)

logger = logging.getLogger(__name__)
KILLED = declare(
    "trading.kill_switch.change",
    _("Kill switch set, changed or lifted"),
    facts=["scope", "target", "was", "became"],
    private=["reason"],
)


class KillSwitchTarget(MimicError):
    """Expected; show the text."""

    code = "kill_switch.target"
    status = 422
    title = "A kill switch needs the target of its scope"


class KillSwitchLifted(MimicError):
    """Expected; somebody was faster. Show the switch as it is now."""

    code = "kill_switch.lifted"
    status = 409
    title = "This kill switch is not in force any more"


def set_kill_switch(
    *,
    scope: KillScope,
    target: str,
    reason: str,
    by: User | None,
    now: datetime,
    effect: KillEffect = KillEffect.BLOCK_OPENS,
) -> KillSwitch:
    """Command: put a switch in force, and begin what it asks for.

    One that is in force already becomes stricter if ``effect`` is, and is never made milder here.
    ``target`` is the venue code, symbol, or the id of the strategy or account, and empty for the
    platform. ``by`` None: a guard of ours. Raises :class:`KillSwitchTarget` for any other target.
    """
    switch = _put_in_force(scope, target, effect, reason, by, now)
    _begin(now)
    return switch


def change_kill_switch(
    *, switch: KillSwitch, effect: KillEffect, reason: str, by: User, now: datetime
) -> bool:
    """Command: make a switch in force stricter or milder; False if it has that effect already.

    What a flatten has begun to close is closed to the end. Raises :class:`KillSwitchLifted`.
    """
    changed = _change(switch, effect, reason, by, now)
    _begin(now)
    return changed


@transaction.atomic(durable=True)
def lift_kill_switch(*, switch: KillSwitch, reason: str, by: User, now: datetime) -> bool:
    """Command: end a switch; False if it was lifted before."""
    row = KillSwitch.objects.select_for_update(of=("self",)).get(pk=switch.pk)
    if row.lifted_at is not None:
        return False
    row.lifted_at, row.lifted_by = now, by
    row.save(update_fields=["lifted_at", "lifted_by"])
    _note(row, was=row.effect, became="", reason=reason, by=by, now=now)
    return True


@transaction.atomic(durable=True)
def _put_in_force(
    scope: KillScope, target: str, effect: KillEffect, reason: str, by: User | None, now: datetime
) -> KillSwitch:
    new = {
        "effect": effect,
        "effect_since": now,
        "label": _label(scope, target),
        "reason": reason,
        "set_by": by,
        "set_at": now,
    }
    switch, created = KillSwitch.objects.select_for_update(of=("self",)).get_or_create(
        scope=scope, target=target, lifted_at=None, defaults=new
    )
    if created:
        _note(switch, was="", became=effect, reason=reason, by=by, now=now)
    elif effect.stricter_than(switch.effect):
        _become(switch, effect, reason, by, now)
    return switch


@transaction.atomic(durable=True)
def _change(switch: KillSwitch, effect: KillEffect, reason: str, by: User, now: datetime) -> bool:
    row = KillSwitch.objects.select_for_update(of=("self",)).get(pk=switch.pk)
    if row.lifted_at is not None:
        raise KillSwitchLifted(str(row))
    if row.effect == effect:
        return False
    _become(row, effect, reason, by, now)
    return True


def _become(
    row: KillSwitch, effect: KillEffect, reason: str, by: User | None, now: datetime
) -> None:
    was, row.effect, row.effect_since = row.effect, effect, now
    row.save(update_fields=["effect", "effect_since"])
    _note(row, was=was, became=effect, reason=reason, by=by, now=now)


def _note(
    switch: KillSwitch, *, was: str, became: str, reason: str, by: User | None, now: datetime
) -> None:
    KillEvent.objects.create(switch=switch, was=was, became=became, reason=reason, by=by, at=now)
    facts = {"scope": switch.scope, "target": switch.target, "was": was, "became": became}
    record(KILLED, target=switch, by=by, facts=facts, private={"reason": reason})


def _begin(now: datetime) -> None:
    """The switch is in force; what fails of its work here, the sentinel does within a second."""
    try:
        carry_out(now=now)
    except DatabaseError:
        logger.exception("a kill switch's work was not begun")


def _label(scope: KillScope, target: str) -> str:
    found = _TARGETS[scope](target)
    if found is None:
        raise KillSwitchTarget(f"scope {scope} with target {target!r}")
    return found


def _venue(target: str) -> str | None:
    return Venue.objects.filter(code=target).values_list("name", flat=True).first()


def _strategy(target: str) -> str | None:
    rows = Strategy.objects.filter(pk__in=_keys(target))
    return rows.values_list("name", flat=True).first()


def _symbol(target: str) -> str | None:
    listed = Instrument.objects.filter(symbol=target).exists()
    return target if listed or Position.objects.filter(symbol=target).exists() else None


def _account(target: str) -> str | None:
    account = ExchangeAccount.objects.filter(pk__in=_keys(target)).first()
    return str(account) if account else None


def _keys(target: str) -> list[int]:
    """The id, if it is written as the database writes it: that text is what rows are matched by."""
    written = target.isascii() and target.isdecimal() and str(int(target)) == target
    return [int(target)] if written else []


_TARGETS: dict[KillScope, Callable[[str], str | None]] = {
    KillScope.PLATFORM: lambda target: "" if target == "" else None,
    KillScope.VENUE: _venue,
    KillScope.STRATEGY: _strategy,
    KillScope.SYMBOL: _symbol,
    KillScope.ACCOUNT: _account,
}
