"""The copy bot everybody writes first: a thread pool, an unpatched ccxt instance an account.

Instances are cached with their markets and their open connection, which is kinder than most
bots are; each order is one row saved. Reads ``{"base", "accounts"}`` and prints ``{"ms"}``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

THREADS = 20


def _instance(base: str, account: dict[str, str], first: Any) -> Any:
    import ccxt

    made = ccxt.binanceusdm(
        {"apiKey": account["api_key"], "secret": account["secret"], "enableRateLimit": False}
    )
    made.options["fetchCurrencies"] = False
    api = made.urls["api"]
    for name, url in list(api.items()):
        if isinstance(url, str):
            api[name] = base + urlsplit(url).path
    if first is None:
        made.load_markets()
    else:
        for name in ("markets", "markets_by_id", "symbols", "ids", "currencies"):
            setattr(made, name, getattr(first, name))
    return made


def _send(instance: Any) -> dict[str, Any]:
    placed: dict[str, Any] = instance.create_order(
        "BTC/USDT:USDT", "market", "buy", 0.008, params={"newClientOrderId": f"n{token_hex(10)}"}
    )
    return placed


def _send_and_save(instance: Any, account_id: int) -> None:
    from django.utils import timezone

    from mimic.core.ids import uuid7
    from trading.models import Order

    sent_at = timezone.now()
    placed = _send(instance)
    Order(
        public_id=uuid7(), origin_kind="manual", origin_id=account_id, account_id=account_id,
        route="binanceusdm", symbol="BTCUSDT", side="buy", quantity="0.008",
        status="filled", filled=placed["filled"], average_price=placed["average"],
        created_at=sent_at, sent_at=sent_at, acknowledged_at=timezone.now(),
        closed_at=timezone.now(),
    ).save()  # fmt: skip


def _run(base: str, accounts: list[dict[str, Any]]) -> float:
    first = _instance(base, accounts[0], None)
    instances = [_instance(base, account, first) for account in accounts]
    ids = [account["id"] for account in accounts]
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(_send, instances))
        started = time.perf_counter()
        list(threads.map(_send_and_save, instances, ids))
        return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mimic.settings")
    django.setup()
    given = json.load(sys.stdin)
    sys.stdout.write(json.dumps({"ms": round(_run(given["base"], given["accounts"]))}))
