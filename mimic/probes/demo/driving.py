"""Alerts into the running demo over HTTP, and waiting for what comes of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.conf import settings
from django.core.management.base import CommandError

from mimic.probes.demo.outcome import newest_signal, outcome_of

_MOVING = {"planned", "sending", "open", "partially_filled", "unknown"}


def wait(what: str, limit: float, is_so: Callable[[], bool]) -> None:
    """Until ``limit`` (monotonic seconds). Raises CommandError naming what did not come."""
    while not is_so():
        if time.monotonic() > limit:
            raise CommandError(f"waited in vain for {what}; logs are in var/demo/log")
        time.sleep(0.2)


def send_alert(address: str, token: str, alert: dict[str, Any]) -> dict[str, Any]:
    """Raises CommandError with the refusal."""
    try:
        found: dict[str, Any] = _asked(f"{address}/webhook/{token}", "POST", alert)
    except HTTPError as refusal:
        raise CommandError(f"the alert was refused: {refusal.read().decode()}") from refusal
    return found


def ask_simulator(venue: str, method: str, path: str, body: object = None) -> Any:
    """The simulator's control API; it stands where the venue's base URL points."""
    return _asked(settings.VENUE_URLS[venue].rstrip("/") + path, method, body)


def report() -> dict[str, Any]:
    """Of the newest signal; empty before the first."""
    signal = newest_signal()
    return {} if signal is None else outcome_of(signal)


def settled(receipts: int) -> bool:
    """Whether everybody has a receipt for the newest signal, and no order is on its way."""
    found = report()
    return found.get("receipts", 0) >= receipts and not _MOVING & found["orders"].keys()


def _asked(url: str, method: str, body: object) -> Any:
    request = Request(  # noqa: S310 (an address of our own)
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method=method,
    )
    with urlopen(request, timeout=30) as answer:  # noqa: S310  # nosec B310  # an address of our own
        return json.load(answer)
