"""People whose positions a switch closes see it at once, as far as they have a socket open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from mimic.web.hub import publish_each
from mimic.web.presence import connected_people
from trading.models import FlattenLeg

CHANNEL = "guards"


def tell_of_legs(leg_ids: Sequence[int]) -> None:
    """Inside the transaction that changed the legs; the hub sends after its commit."""
    people = connected_people()
    if not people:
        return
    legs = _named(FlattenLeg.objects.filter(pk__in=leg_ids, account__user_id__in=people))
    publish_each(CHANNEL, "flatten", [(leg.account.user_id, _message(leg)) for leg in legs])


def legs_at_work(user: Any, channel: str) -> dict[str, Any]:
    """The snapshot of the channel: what is being closed for the person now."""
    legs = _named(FlattenLeg.objects.filter(account__user_id=user.pk, ended_at=None))
    return {"rows": [_message(leg) for leg in legs]}


def _named(legs: QuerySet[FlattenLeg]) -> QuerySet[FlattenLeg]:
    return legs.select_related("account", "switch", "subscription__strategy").order_by("pk")


def _message(leg: FlattenLeg) -> dict[str, object]:
    """What happened to the position and why: the operator's own words stay in the console."""
    return {
        "reason": f"kill_switch.{leg.switch.scope}",
        "strategy": leg.subscription.strategy.name,
        "account": leg.account.label,
        "symbol": leg.symbol,
        "state": leg.state,
        "code": leg.code,
        "held": leg.held,
        "closed": leg.closed,
        "price": leg.price,
        "profit": leg.profit,
        "equity": leg.equity,
    }
