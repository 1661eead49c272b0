"""What the pipeline is compared with: programs of their own, run one at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from secrets import token_hex
from typing import Any
from urllib.request import Request, urlopen

from mimic.probes.bench.crowd import open_accounts
from trading.models import CopySubscription


def reference(venue: str, orders: int) -> float:
    """Milliseconds of ``orders`` through tuned, signed aiohttp in one process."""
    accounts = _accounts(venue, orders)
    return _told("mimic.probes.bench.reference", {"base": venue, "accounts": accounts})


def naive(venue: str, strategy_id: int, orders: int) -> float:
    """Milliseconds of 20 threads with cached ccxt instances, a row saved per order."""
    ids = CopySubscription.objects.filter(strategy_id=strategy_id).values_list("account_id")
    accounts: list[dict[str, Any]] = [
        {**account, "id": row[0]}
        for account, row in zip(_accounts(venue, orders), ids, strict=True)
    ]
    return _told("tests.bench.naive", {"base": venue, "accounts": accounts})


def set_delay(venue: str, milliseconds: int) -> None:
    """How long each of the venue's answers waits from now on."""
    told = json.dumps({"ms": milliseconds}).encode()
    urlopen(Request(f"{venue}/_sim/delay", data=told), timeout=5).close()  # noqa: S310  # nosec B310  # an address of our own


def _accounts(venue: str, number: int) -> list[dict[str, str]]:
    made = [{"api_key": token_hex(32), "secret": token_hex(32)} for _ in range(number)]
    open_accounts(venue, made)
    return made


def _told(program: str, given: dict[str, Any]) -> float:
    done = subprocess.run(
        [sys.executable, "-m", program],
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(json.loads(done.stdout)["ms"])
