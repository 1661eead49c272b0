"""Write ``trading/venues/catalogue/venues.json`` from ccxt: ``python deploy/venue_catalogue.py``.

Tiers are the product's (spec/execution.md), everything else is ccxt's word. ccxt does not say
whether a venue takes our client order id, so that is tried: an order and a look-up are made
against a transport that only records, and the id must be in what would have gone out.
"""

from __future__ import annotations

import base64
import inspect
import json
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import ccxt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

TIERS: dict[int, tuple[str, ...]] = {
    1: ("binanceusdm", "bybit", "coinbase", "okx", "upbit"),
    2: ("bitget", "gate", "htx", "kraken", "krakenfutures", "kucoin"),
    3: ("bitfinex", "bithumb", "bitstamp", "cryptocom", "mexc"),
    4: (
        "backpack", "binanceus", "bingx", "bitrue", "bitvavo", "blofin", "coinbaseinternational",
        "deribit", "digifinex", "gemini", "hashkey", "hitbtc", "hyperliquid", "lbank", "phemex",
        "poloniex", "toobit", "whitebit", "woo", "xt",
    ),
}  # fmt: skip
TARGET = Path(__file__).resolve().parents[1] / "trading/venues/catalogue/venues.json"

_METHODS = {  # ours: ccxt's
    "batch": "createOrders",
    "leverage": "setLeverage",
    "margin_mode": "setMarginMode",
    "position_mode": "setPositionMode",
    "trades": "fetchMyTrades",
    "open_orders": "fetchOpenOrders",
    "quotes": "fetchTickers",
}
_MARKETS = {"linear": "swap", "spot": "spot"}
_PROBE = "mimicT1"
_CLIENT_ID_NAMES = ("clientOrderId", "client_order_id", "client_oid", "label")
_UNTRANSLATED = re.compile(r"clientOrderId[\"']?[=:] ?[\"']?" + _PROBE)


def catalogue() -> dict[str, Any]:
    """The whole document; the same ccxt gives the same bytes."""
    venues = [_venue(code, tier) for tier, codes in TIERS.items() for code in codes]
    return {"ccxt": ccxt.__version__, "venues": venues}


def rendered() -> str:
    return json.dumps(catalogue(), indent=1, ensure_ascii=False) + "\n"


def _venue(code: str, tier: int) -> dict[str, Any]:
    exchange = getattr(ccxt, code)()
    markets = [ours for ours, theirs in _MARKETS.items() if exchange.has.get(theirs)]
    kind = markets[0]
    docs = exchange.urls.get("doc") or exchange.urls.get("www")
    return {
        "code": code,
        "name": exchange.name.replace("Ⓢ", "S"),  # no font of ours has the circled letter
        "tier": tier,
        "markets": markets,
        "credentials": [name for name, needed in exchange.requiredCredentials.items() if needed],
        "demo": _demo(exchange),
        "position_modes": _position_modes(exchange) if kind == "linear" else [],
        "capabilities": sorted(
            [ours for ours, theirs in _METHODS.items() if exchange.has.get(theirs) is True]
            + ["find_by_client_id"] * _finds(code, kind)
        ),
        "client_id_param": _placing_name(code, kind),
        "rate_limit_ms": round(float(exchange.rateLimit), 3),
        "docs_url": docs[0] if isinstance(docs, list) else str(docs),
    }


def _demo(exchange: Any) -> str:
    """``demo``: the venue's practice accounts, reached as ccxt's demo trading; ``testnet``: a
    separate network with keys of its own; empty: neither."""
    if exchange.urls.get("demo") or "enable_demo_trading" in vars(type(exchange)):
        return "demo"
    return "testnet" if exchange.urls.get("test") else ""


def _position_modes(exchange: Any) -> list[str]:
    order = (exchange.features["swap"] or {}).get("linear") or {}
    hedged = (order.get("createOrder") or {}).get("hedged") or exchange.has.get("setPositionMode")
    return ["one_way", "hedge"] if hedged else ["one_way"]


def _placing_name(code: str, kind: str) -> str:
    """The parameter that carries a client id into a market order; empty when none does.

    Quantities are strings, as our gateway sends them; some of ccxt's venues cannot take those.
    """
    for name in _CLIENT_ID_NAMES:
        if _carries(code, kind, "create_", name, partial(_place, name)):
            return name
    return ""


def _place(name: str, client: Any, symbol: str) -> None:
    client.create_order(symbol, "market", "sell", "1", None, {name: _PROBE})


def _finds(code: str, kind: str) -> bool:
    """Whether ccxt turns ``clientOrderId`` of a look-up into a question the venue understands."""
    name = _CLIENT_ID_NAMES[0]
    return _carries(code, kind, "fetch_", name, partial(_find, name))


def _find(name: str, client: Any, symbol: str) -> None:
    client.fetch_order("", symbol, {name: _PROBE})


def _carries(
    code: str, kind: str, methods: str, name: str, act: Callable[[Any, str], object]
) -> bool:
    """An id that only passes through under ccxt's own name counts if ccxt's source names it."""
    wire = max((_recorded(code, kind, secret, act) for secret in _SECRETS), key=_count)
    if not _count(wire):
        return False
    translated = name == _CLIENT_ID_NAMES[0] and _count(_UNTRANSLATED.sub("", wire))
    return bool(translated) or f"'{name}'" in _source(code, methods)


def _count(wire: str) -> int:
    return wire.count(_PROBE)


def _source(code: str, methods: str) -> str:
    """ccxt's own source of a venue's order methods."""
    pattern = re.compile(methods + r"\w*order(_request)?$")
    functions = inspect.getmembers(getattr(ccxt, code), inspect.isfunction)
    return "".join(
        inspect.getsource(function)
        for name, function in functions
        if pattern.match(name) and "base/exchange" not in inspect.getfile(function)
    )


def _recorded(code: str, kind: str, secret: str, act: Callable[[Any, str], object]) -> str:
    """Everything ``act`` would have sent, as one text; the venue answers ``{}`` to all."""
    made = type(code, (getattr(ccxt, code),), {"number": str})
    client = made({
        "enableRateLimit": False, "apiKey": "account-key", "secret": secret, "password": "p",
        "uid": "u", "privateKey": "0x" + "11" * 32, "walletAddress": "0x" + "22" * 20,
        "options": {"operatorId": 1},
    })  # fmt: skip
    markets = {ours: _market(ours, client.precisionMode) for ours in _MARKETS}
    client.set_markets(list(markets.values()))
    seen: list[str] = []

    def fetch(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        seen.append(f"{url} {body}")
        for value in (headers or {}).values():
            seen.append(_decoded(str(value)))
        return {}

    client.fetch = fetch
    try:
        act(client, markets[kind]["symbol"])
    except Exception as fault:  # what went out before it is all that is asked
        seen.append(type(fault).__name__)
    return " ".join(seen)


def _decoded(header: str) -> str:
    """Some venues take their parameters as base64 in a header."""
    try:
        return base64.b64decode(header, validate=True).decode()
    except ValueError:
        return ""


def _market(kind: str, precision_mode: int) -> dict[str, Any]:
    swap = kind == "linear"
    steps: tuple[str, str] | tuple[int, int] = (5, 5)
    if precision_mode == ccxt.TICK_SIZE:
        steps = ("0.001", "0.1")
    amount, price = steps
    return {
        "id": "BTCUSDT", "symbol": "BTC/USDT:USDT" if swap else "BTC/USDT",
        "base": "BTC", "quote": "USDT", "settle": "USDT" if swap else None,
        "baseId": "BTC", "quoteId": "USDT", "settleId": "USDT" if swap else None,
        "type": "swap" if swap else "spot", "spot": not swap, "swap": swap, "contract": swap,
        "future": False, "option": False, "margin": False, "active": True,
        "linear": swap or None, "inverse": False if swap else None,
        "contractSize": "1" if swap else None,
        "precision": {"amount": amount, "price": price},
        "limits": {"amount": {}, "price": {}, "cost": {}, "leverage": {}},
        "info": {"orderTypes": ["MARKET", "LIMIT"], "maxOrderQty": "9"},
    }  # fmt: skip


def _elliptic() -> str:
    key = ec.derive_private_key(7, ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


# Made up; each venue's signer wants its own shape.
_SECRETS = (base64.b64encode(b"s" * 32).decode(), "11" * 32, _elliptic())

if __name__ == "__main__":
    TARGET.write_text(rendered(), encoding="utf-8")
    sys.stdout.write(f"{TARGET}: {len(catalogue()['venues'])} venues\n")
