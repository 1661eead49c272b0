"""Trades: closed parts of positions, with what they earned."""

from __future__ import annotations

from rest_framework import serializers

from mimic.api import filtering
from mimic.api.fields import Amount, Moment
from mimic.api.resources import OwnDetail, OwnList
from trading.api.selectors.books import trades_of
from trading.models import Trade

_SIDES = [("long", "long"), ("short", "short")]


class TradeOut(serializers.Serializer[Trade]):
    id = serializers.UUIDField(source="public_id")
    account = serializers.UUIDField(source="account.public_id")
    subscription = serializers.UUIDField(source="copy", allow_null=True)
    symbol = serializers.CharField()
    side = serializers.ChoiceField(_SIDES)
    quantity = Amount(help_text="Base units.")
    entry_price = Amount()
    exit_price = Amount()
    profit = Amount(help_text="Quote currency, before fees.")
    fees = Amount()
    opened_at = Moment(allow_null=True)
    closed_at = Moment()


class TradeFilter(filtering.Filters):
    symbol = filtering.CharFilter(max_length=32)
    side = filtering.ChoiceFilter(choices=_SIDES)
    account = filtering.UUIDFilter(field_name="account__public_id")


class Trades(OwnList[Trade]):
    """Trades on your accounts."""

    selector = staticmethod(trades_of)
    serializer_class = TradeOut
    filterset_class = TradeFilter


class TradeDetail(OwnDetail[Trade]):
    """One trade."""

    selector = staticmethod(trades_of)
    serializer_class = TradeOut
    lookup_url_kwarg = "trade_id"
