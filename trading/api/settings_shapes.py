"""Copy settings in requests and answers."""

from __future__ import annotations

from heapq import nsmallest
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from mimic.api.fields import Amount, Moment, Percent, ShortDict, ShortList, Text
from trading.copying.preview_wording import Told
from trading.copying.settings import HIGHEST_LEVERAGE
from trading.domain.decide import Outcome
from trading.domain.receipts import Code
from trading.models import CopySettings, LeverageMode
from trading.models.copying import SIZING_LABELS

_MODES = [mode.value for mode in SIZING_LABELS]
_UNIT = "In the unit of its mode: percent, quote currency, base units, or a factor."
_MOST_SYMBOLS = 500
_MOST_TOLD = 20


class CopySettingsOut(serializers.Serializer[CopySettings]):
    """Percentages are of the equity allocated to this copy; a limit of null is left to others."""

    version = serializers.IntegerField()
    sizing_mode = serializers.ChoiceField(_MODES)
    sizing_value = Amount(help_text=_UNIT)
    allocation_pct = Percent(help_text="Of the account's equity.")
    risk_multiplier = Amount()
    leverage_mode = serializers.ChoiceField(LeverageMode.choices)
    fixed_leverage = serializers.IntegerField(allow_null=True)
    symbol_leverage = serializers.DictField(child=serializers.IntegerField())
    allowed_symbols = serializers.ListField(child=serializers.CharField())
    blocked_symbols = serializers.ListField(child=serializers.CharField())
    max_position_pct = Percent(allow_null=True)
    max_exposure_pct = Percent(allow_null=True)
    max_risk_pct = Percent(allow_null=True)
    max_leverage = serializers.IntegerField(allow_null=True)
    max_notional = Amount(allow_null=True, help_text="Times the allocated equity.")
    max_open = serializers.IntegerField(allow_null=True)
    max_opens_a_day = serializers.IntegerField(allow_null=True)
    daily_loss_block_pct = Percent(allow_null=True)
    daily_loss_close_pct = Percent(allow_null=True)
    max_deviation_pct = Percent(allow_null=True)
    max_spread_pct = Percent(allow_null=True)
    max_age = serializers.IntegerField(allow_null=True, help_text="Seconds.")
    min_depth = Amount(allow_null=True, help_text="Times the order; the highest is the strictest.")
    max_blind_notional = Amount(
        allow_null=True, help_text="Quote currency: an order while the book is not known."
    )
    created_at = Moment()


class OwnSettingsOut(CopySettingsOut):
    """``allocation_left_pct``: what this copy may have without taking from the account's others."""

    allocation_left_pct = serializers.SerializerMethodField()

    @extend_schema_field(Percent())
    def get_allocation_left_pct(self, _row: CopySettings) -> str:
        return str(Percent().to_representation(self.context["left"]))


def _symbols() -> serializers.ListField:
    return ShortList(child=Text(max_length=32), max_length=_MOST_SYMBOLS, required=False)


def _limit(kind: type[Any] = Percent) -> Any:
    return kind(required=False, allow_null=True)


class SettingsIn(serializers.Serializer[Any]):
    """What is left out stays as it is; a limit of null is left to wider ones."""

    sizing_mode = serializers.ChoiceField(_MODES, required=False)
    sizing_value = Amount(required=False, help_text=_UNIT)
    allocation_pct = Percent(required=False)
    risk_multiplier = serializers.DecimalField(max_digits=6, decimal_places=3, required=False)
    leverage_mode = serializers.ChoiceField(LeverageMode.choices, required=False)
    fixed_leverage = serializers.IntegerField(
        min_value=1, max_value=HIGHEST_LEVERAGE, required=False, allow_null=True
    )
    symbol_leverage = ShortDict(
        child=serializers.IntegerField(min_value=1, max_value=HIGHEST_LEVERAGE),
        max_length=_MOST_SYMBOLS, required=False,
    )  # fmt: skip
    allowed_symbols = _symbols()
    blocked_symbols = _symbols()
    max_position_pct = _limit()
    max_exposure_pct = _limit()
    max_risk_pct = _limit()
    max_leverage = _limit(serializers.IntegerField)
    max_notional = _limit(Amount)
    max_open = _limit(serializers.IntegerField)
    max_opens_a_day = _limit(serializers.IntegerField)
    daily_loss_block_pct = _limit()
    daily_loss_close_pct = _limit()
    max_deviation_pct = _limit()
    max_spread_pct = _limit()
    max_age = _limit(serializers.IntegerField)
    min_depth = _limit(Amount)
    max_blind_notional = _limit(Amount)

    def to_internal_value(self, data: Any) -> Any:
        """Refuses names that are no settings: a misspelt limit would limit nothing."""
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        if unknown:
            error = ErrorDetail("There is no such setting.", code="unknown")
            told = nsmallest(_MOST_TOLD, map(str, unknown))
            raise ValidationError({name: [error] for name in told})
        return super().to_internal_value(data)


class ChangeIn(SettingsIn):
    over_allocate = serializers.BooleanField(
        default=False, help_text="Meant: the copies of the account together get more than all."
    )


class ToldOut(serializers.Serializer[Told]):
    """``why``: the arithmetic of a quantity, or the reason for none."""

    outcome = serializers.ChoiceField([each.value for each in Outcome])
    code = serializers.ChoiceField([each.value for each in Code])
    quantity = Amount(allow_null=True, help_text="Base units.")
    leverage = serializers.IntegerField(allow_null=True)
    why = serializers.CharField()


class PreviewedOut(serializers.Serializer[Any]):
    """One of the strategy's last opens, decided at today's price and balance."""

    signal = serializers.UUIDField(source="signal.public_id")
    symbol = serializers.CharField(source="signal.symbol")
    side = serializers.CharField(source="signal.direction")
    received_at = Moment(source="signal.received_at")
    before = ToldOut()
    after = ToldOut()


class PreviewOut(serializers.Serializer[Any]):
    allocation_left_pct = Percent()
    results = PreviewedOut(many=True, help_text="Newest first; none while nothing was signalled.")
