"""The ccxt adapter: the one place that imports ccxt, all of it when this package is imported."""

from __future__ import annotations

from django.conf import settings

from trading.domain.ports import Gateway, register_gateway
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.registry import VENUES


def register() -> None:
    """Make this adapter known under ``ccxt``. The gateway itself is made inside its event loop."""
    register_gateway("ccxt", _make)


def _make(venue_code: str, base_url: str) -> Gateway:
    return CcxtGateway(VENUES[venue_code], base_url, fast=settings.FAST_ORDERS)
