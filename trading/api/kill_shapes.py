"""Kill switches in requests and answers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mimic.api.fields import Amount, Moment, Text
from trading.guards.selectors import Reach
from trading.models import FlattenLeg, KillEffect, KillEvent, KillScope, KillSwitch, LegState


class ProgressOut(serializers.Serializer[Any]):
    """Legs of a flatten; failed ones are tried again while the switch flattens."""

    all = serializers.IntegerField(source="legs_all")
    done = serializers.IntegerField(source="legs_done")
    failed = serializers.IntegerField(source="legs_failed")
    at_work = serializers.IntegerField(source="legs_at_work")


class KillSwitchOut(serializers.Serializer[KillSwitch]):
    """In force while ``lifted_at`` is null."""

    id = serializers.UUIDField(source="public_id")
    scope = serializers.ChoiceField(KillScope.choices)
    target = serializers.SerializerMethodField(
        help_text="Venue code, symbol, or id of the strategy or account; empty for the platform."
    )
    label = serializers.CharField(help_text="The target's name when it was set.")  # type: ignore[assignment]
    effect = serializers.ChoiceField(KillEffect.choices)
    effect_since = Moment()
    reason = serializers.CharField()
    set_by = serializers.EmailField(source="set_by.email", allow_null=True, default=None)
    set_at = Moment()
    lifted_by = serializers.EmailField(source="lifted_by.email", allow_null=True, default=None)
    lifted_at = Moment(allow_null=True)
    legs = ProgressOut(source="*")

    def get_target(self, row: KillSwitch) -> str:
        return str(self.context["targets"][row.pk])


class KillEventOut(serializers.Serializer[KillEvent]):
    """Empty: not in force."""

    was = serializers.ChoiceField(KillEffect.choices, allow_blank=True)
    became = serializers.ChoiceField(KillEffect.choices, allow_blank=True)
    reason = serializers.CharField()
    by = serializers.EmailField(source="by.email", allow_null=True, default=None)
    at = Moment()


class KillSwitchDetailOut(KillSwitchOut):
    events = serializers.SerializerMethodField(help_text="Its changes, newest first.")

    @extend_schema_field(KillEventOut(many=True))
    def get_events(self, row: Any) -> Any:
        return KillEventOut(row.events.select_related("by"), many=True).data


class LegOut(serializers.Serializer[FlattenLeg]):
    """One copied position that a switch closes; quantities in base units, short is negative."""

    person = serializers.EmailField(source="account.user.email")
    account = serializers.UUIDField(source="account.public_id")
    subscription = serializers.UUIDField(source="subscription.public_id")
    symbol = serializers.CharField()
    held = Amount()
    state = serializers.ChoiceField(LegState.choices)
    closed = Amount(help_text="Without a sign.")
    price = Amount(allow_null=True)
    left = Amount(allow_null=True)
    profit = Amount(allow_null=True, help_text="Of what was closed, before fees.")
    code = serializers.CharField()
    message = serializers.CharField(help_text="The venue's own words.")
    tries = serializers.IntegerField()
    created_at = Moment()
    due_at = Moment(allow_null=True, help_text="When it is looked at next.")
    ended_at = Moment(allow_null=True)


class ReachOut(serializers.Serializer[Reach]):
    """Of the opens, ``planned`` are not sent, ``resting`` at the venue, ``unresolved`` unclear."""

    followers = serializers.IntegerField()
    positions = serializers.IntegerField()
    notional = Amount(help_text="Quote currency, at the newest marks.")
    planned = serializers.IntegerField()
    resting = serializers.IntegerField()
    unresolved = serializers.IntegerField()


class ReasonIn(serializers.Serializer[Any]):
    reason = Text(min_length=5, max_length=200, help_text="Kept with the switch's history.")


class EffectIn(ReasonIn):
    effect = serializers.ChoiceField(KillEffect.choices)


class KillSwitchIn(EffectIn):
    scope = serializers.ChoiceField(KillScope.choices)
    target = Text(
        max_length=64, allow_blank=True, default="",
        help_text="Venue code, symbol, or id of the strategy or account; empty for the platform.",
    )  # fmt: skip
