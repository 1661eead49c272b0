"""What an API key may do: one scope for each operation, in one table.

An operation that is not in the table is refused to every key, and so is one for people only
(None): what asks for a fresh code, gives keys away, or belongs to operators. Sessions and access
tokens are the person themselves and need no scope. A test holds the table against the document.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from typing import Final

from django.http import HttpRequest

from mimic.core.errors import Forbidden


class Scope(StrEnum):
    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    EXCHANGES_READ = "exchanges:read"
    EXCHANGES_WRITE = "exchanges:write"
    MARKET_READ = "market:read"
    SIGNALS_READ = "signals:read"
    TRADING_READ = "trading:read"
    TRADING_WRITE = "trading:write"


class ScopeMissing(Forbidden):
    """Give the key the scope that ``detail`` names, or use another one."""

    code, status, title = "api_key.scope", 403, "This key may not do that"


class PeopleOnly(Forbidden):
    """No key may do it: sign in."""

    code, status, title = "api_key.people_only", 403, "No API key may do that"


V1: Final = "/api/v1/"
SCOPES: Final[dict[str, Scope | None]] = {
    "GET me": Scope.ACCOUNT_READ,
    "GET prefs": Scope.ACCOUNT_READ,
    "PATCH prefs": Scope.ACCOUNT_WRITE,
    "GET consents": Scope.ACCOUNT_READ,
    "POST consents": None,
    "POST consents/withdraw": None,
    "GET me/sign-ins": None,
    "DELETE me/sign-ins/{sign_in_id}": None,
    "GET me/sessions": None,
    "DELETE me/sessions/{session_id}": None,
    "GET api-keys": None,
    "POST api-keys": None,
    "GET api-keys/{key_id}": None,
    "DELETE api-keys/{key_id}": None,
    "POST api-keys/{key_id}/rotate": None,
    "GET api-keys/{key_id}/usage": None,
    "GET signals": Scope.SIGNALS_READ,
    "GET signals/{signal_id}": Scope.SIGNALS_READ,
    "GET strategies": Scope.SIGNALS_READ,
    "GET strategies/{strategy_id}": Scope.SIGNALS_READ,
    "GET venues": Scope.MARKET_READ,
    "GET exchanges": Scope.EXCHANGES_READ,
    "POST exchanges": None,
    "GET exchanges/{exchange_id}": Scope.EXCHANGES_READ,
    "PATCH exchanges/{exchange_id}": Scope.EXCHANGES_WRITE,
    "DELETE exchanges/{exchange_id}": None,
    "GET exchanges/{exchange_id}/test": Scope.EXCHANGES_READ,
    "POST exchanges/{exchange_id}/test": Scope.EXCHANGES_WRITE,
    "POST paper/enable": Scope.EXCHANGES_WRITE,
    "GET balance": Scope.TRADING_READ,
    "GET balance/history": Scope.TRADING_READ,
    "GET orders": Scope.TRADING_READ,
    "GET orders/{order_id}": Scope.TRADING_READ,
    "GET positions": Scope.TRADING_READ,
    "GET positions/live": Scope.TRADING_READ,
    "GET receipts": Scope.TRADING_READ,
    "GET receipts/{receipt_id}": Scope.TRADING_READ,
    "GET approvals": Scope.TRADING_READ,
    "POST approve": Scope.TRADING_WRITE,
    "GET trades": Scope.TRADING_READ,
    "GET trades/{trade_id}": Scope.TRADING_READ,
    "GET risk/defaults": Scope.TRADING_READ,
    "GET risk/me": Scope.TRADING_READ,
    "GET subscriptions": Scope.TRADING_READ,
    "POST subscriptions": Scope.TRADING_WRITE,
    "GET subscriptions/{subscription_id}": Scope.TRADING_READ,
    "GET subscriptions/{subscription_id}/settings": Scope.TRADING_READ,
    "POST subscriptions/{subscription_id}/settings/preview": Scope.TRADING_READ,
    "POST subscriptions/{subscription_id}/settings": Scope.TRADING_WRITE,
    "POST subscriptions/{subscription_id}/mode": Scope.TRADING_WRITE,
    "POST subscriptions/{subscription_id}/pause": Scope.TRADING_WRITE,
    "POST subscriptions/{subscription_id}/resume": Scope.TRADING_WRITE,
    "GET subscriptions/{subscription_id}/stop": Scope.TRADING_READ,
    "POST subscriptions/{subscription_id}/stop": Scope.TRADING_WRITE,
    "POST subscriptions/{subscription_id}/leave": Scope.TRADING_WRITE,
    "GET subscriptions/{subscription_id}/join": Scope.TRADING_READ,
    "POST subscriptions/{subscription_id}/join": Scope.TRADING_WRITE,
    "GET repairs": Scope.TRADING_READ,
    "GET masters": Scope.TRADING_READ,
    "GET masters/moves": Scope.TRADING_READ,
    "GET masters/{master_id}": Scope.TRADING_READ,
    "POST masters": None,
    "PATCH masters/{master_id}": None,
    "POST masters/{master_id}/change": None,
    "GET admin/exchanges/pending": None,
    "POST admin/exchanges/{exchange_id}/approve": None,
    "POST admin/exchanges/{exchange_id}/reject": None,
    "GET admin/kill-switches": None,
    "POST admin/kill-switches": None,
    "GET admin/kill-switches/{switch_id}": None,
    "POST admin/kill-switches/{switch_id}/effect": None,
    "GET admin/kill-switches/{switch_id}/legs": None,
    "POST admin/kill-switches/{switch_id}/lift": None,
    "GET admin/kill-switches/{switch_id}/reach": None,
}


def scope_of(method: str, path: str) -> Scope | None:
    """The scope of an operation by its method and its path as the document writes it."""
    return SCOPES.get(f"{method.upper()} {path.removeprefix(V1)}")


def demand_scope(request: HttpRequest, held: list[str]) -> None:
    """Raises :class:`ScopeMissing`, :class:`PeopleOnly`. HEAD is GET; OPTIONS tells nothing."""
    method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method or ""
    match = request.resolver_match
    wanted = scope_of(method, _documented(match.route if match else ""))
    if wanted is None:
        raise PeopleOnly
    if wanted not in held:
        raise ScopeMissing(f"It lacks the scope {wanted}.")


@cache
def _documented(route: str) -> str:
    """``api/v1/orders/<uuid:order_id>`` as ``/api/v1/orders/{order_id}``."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
