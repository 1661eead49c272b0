"""What the API shows of an exchange account. Nothing of its keys is ever read."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mimic.api.fields import Amount, Moment, Text
from trading.api.selectors.connections import newest_check
from trading.execution.connection_wording import explain_check, state_meaning
from trading.models import AccountCheck, AccountState, CheckOutcome, ExchangeAccount, Venue
from trading.venues.credentials import FIELDS


class CheckOut(serializers.Serializer[AccountCheck]):
    """A live check of keys at the venue. Facts are null where the venue does not tell."""

    open = serializers.SerializerMethodField(help_text="Still under way.")
    outcome = serializers.ChoiceField(CheckOutcome.choices, allow_blank=True)
    code = serializers.CharField()
    reason = serializers.SerializerMethodField(help_text="The code in a sentence.")
    message = serializers.CharField(help_text="The venue's own words.")
    can_trade = serializers.BooleanField(allow_null=True)
    can_withdraw = serializers.BooleanField(allow_null=True)
    ip_restricted = serializers.BooleanField(allow_null=True)
    hedge = serializers.BooleanField(allow_null=True)
    margin_mode = serializers.CharField()
    clock_ahead_ms = serializers.IntegerField(allow_null=True)
    asked_at = Moment()
    ended_at = Moment(allow_null=True)

    def get_open(self, check: AccountCheck) -> bool:
        return check.ended_at is None

    def get_reason(self, check: AccountCheck) -> str:
        return explain_check(check)


class _Checked(serializers.Serializer[ExchangeAccount]):
    check = serializers.SerializerMethodField(help_text="The newest live check.")

    @extend_schema_field(CheckOut(allow_null=True))
    def get_check(self, row: ExchangeAccount) -> Any:
        check = newest_check(row)
        return CheckOut(check).data if check else None


class ExchangeOut(_Checked):
    id = serializers.UUIDField(source="public_id")
    venue = serializers.CharField(source="venue_id")
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField(ExchangeAccount.Kind.choices)
    currency = serializers.CharField()
    state = serializers.ChoiceField(AccountState.choices)
    meaning = serializers.SerializerMethodField(help_text="The state in a sentence.")
    reason = serializers.SerializerMethodField(help_text="Why it came to be; may be empty.")
    next_step = serializers.SerializerMethodField(help_text="What you can do; may be empty.")
    has_keys = serializers.SerializerMethodField()
    created_at = Moment()

    def get_meaning(self, row: ExchangeAccount) -> str:
        return state_meaning(row).text

    def get_reason(self, row: ExchangeAccount) -> str:
        return state_meaning(row).reason

    def get_next_step(self, row: ExchangeAccount) -> str:
        return state_meaning(row).next_step

    def get_has_keys(self, row: ExchangeAccount) -> bool:
        return row.sealed_keys is not None


class TestBalanceOut(serializers.Serializer[Any]):
    currency = serializers.CharField()
    equity = Amount()
    at = Moment()


class ExchangeTestOut(_Checked):
    """``success`` is null while the venue is being asked: look again at the same address."""

    success = serializers.SerializerMethodField()
    balance = serializers.SerializerMethodField(help_text="The newest snapshot, if there is one.")

    @extend_schema_field({"type": "boolean", "nullable": True})
    def get_success(self, row: ExchangeAccount) -> bool | None:
        check = newest_check(row)
        if check is None or check.ended_at is None:
            return None
        return check.outcome == CheckOutcome.PASSED

    @extend_schema_field(TestBalanceOut(allow_null=True))
    def get_balance(self, row: ExchangeAccount) -> Any:
        if row.budget.snapshot_at is None:
            return None
        known = {"currency": row.currency, "equity": row.budget.equity}
        return TestBalanceOut({**known, "at": row.budget.snapshot_at}).data


class VenueOut(serializers.Serializer[Venue]):
    """``keys`` are the fields that POST /exchanges wants for this venue."""

    code = serializers.CharField()
    name = serializers.CharField()
    markets = serializers.ListField(child=serializers.CharField())
    keys = serializers.SerializerMethodField()
    practice = serializers.SerializerMethodField(help_text="Takes ``demo`` accounts.")
    needs_approval = serializers.BooleanField()

    @extend_schema_field({"type": "array", "items": {"enum": list(FIELDS.values())}})
    def get_keys(self, venue: Venue) -> list[str]:
        return [FIELDS[name] for name in venue.credentials]

    def get_practice(self, venue: Venue) -> bool:
        return venue.demo == Venue.Demo.DEMO


class ConnectIn(serializers.Serializer[Any]):
    """Keys are sealed at once; nobody but the signer can open them."""

    venue = Text(max_length=24, help_text="Its code; see /venues.")
    label = Text(max_length=60, help_text="As you see it on receipts.")  # type: ignore[assignment]
    demo = serializers.BooleanField(default=False, help_text="A practice account of the venue.")
    api_key = Text(max_length=4096, write_only=True)
    secret = Text(max_length=4096, write_only=True, trim_whitespace=False)
    passphrase = Text(
        max_length=4096,
        write_only=True,
        required=False,
        allow_blank=True,
        default="",
        trim_whitespace=False,
    )


class LabelIn(serializers.Serializer[Any]):
    label = Text(max_length=60)  # type: ignore[assignment]
