"""Kill switches: set and lifted by a person with a reason, in force at once in every process.

Nothing is cached: decisions read the rows in their own query, and senders look before each claim,
so a switch acts with the next transaction and survives any restart.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from mimic.core.errors import MimicError
from trading.models import KillEffect, KillScope, KillSwitch


class KillSwitchTarget(MimicError):
    """Expected; show the text."""

    code = "kill_switch.target"
    status = 422
    title = "A kill switch needs the target of its scope"


@transaction.atomic(durable=True)
def set_kill_switch(
    *,
    scope: KillScope,
    target: str,
    reason: str,
    by: User,
    now: datetime,
    effect: KillEffect = KillEffect.BLOCK_OPENS,
) -> KillSwitch:
    """Command: put a switch in force; one that is in force already is returned as it is.

    ``target`` is the venue code, symbol, or the id of the strategy or account, and empty for the
    platform. Raises :class:`KillSwitchTarget` otherwise.
    """
    if (scope == KillScope.PLATFORM) != (target == ""):
        raise KillSwitchTarget(f"scope {scope} with target {target!r}")
    switch, _ = KillSwitch.objects.get_or_create(
        scope=scope,
        target=target,
        lifted_at=None,
        defaults={"effect": effect, "reason": reason, "set_by": by, "set_at": now},
    )
    return switch


@transaction.atomic(durable=True)
def lift_kill_switch(*, switch: KillSwitch, by: User, now: datetime) -> bool:
    """Command: end a switch; False if it was lifted before."""
    lifted = KillSwitch.objects.filter(pk=switch.pk, lifted_at=None).update(
        lifted_at=now, lifted_by=by
    )
    return bool(lifted)
