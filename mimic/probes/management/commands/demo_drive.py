"""``manage.py demo_drive``: wait until everything is ready, send one alert over HTTP, check."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from django.core.management.base import BaseCommand, CommandError

from mimic.probes.demo.cast import FOLLOWERS, VENUES
from mimic.probes.demo.outcome import newest_signal, outcome_of, waiting_accounts, waiting_books

SYMBOL = "BTCUSDT"
ALERT = {
    "symbol": f"BINANCE:{SYMBOL}.P",
    "action": "long",
    "leverage": 5,
    "sl_perc": 2,
    "tp_perc": 5,
}


class Command(BaseCommand):
    help = "Drive the running demo: one alert in, a thousand receipts out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--address", required=True)
        parser.add_argument("--token", required=True)
        parser.add_argument("--timeout", type=float, default=60.0)

    def handle(self, *args: Any, **options: Any) -> None:
        address, limit = options["address"], time.monotonic() + options["timeout"]
        _wait("the web process", limit, lambda: _answers(f"{address}/health/live"))
        _wait("fresh balances", limit, lambda: waiting_accounts() == 0)
        _wait("order books", limit, lambda: waiting_books(SYMBOL, VENUES) == 0)
        answer = _post(f"{address}/webhook/{options['token']}", ALERT)
        self.stdout.write(f"alert answered: {json.dumps(answer)}")
        _wait("every order's end", limit, _settled)
        report = _report()
        self.stdout.write(json.dumps(report, indent=2))
        problems = _problems(report)
        if problems:
            raise CommandError("; ".join(problems))


def _wait(what: str, limit: float, is_so: Callable[[], bool]) -> None:
    while not is_so():
        if time.monotonic() > limit:
            raise CommandError(f"waited in vain for {what}; logs are in var/demo/log")
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310  # nosec B310  # our own address
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = Request(url, data=json.dumps(body).encode(), method="POST")  # noqa: S310
    request.add_header("Content-Type", "application/json")
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310  # nosec B310  # an address of our own
            found: dict[str, Any] = json.load(answer)
            return found
    except HTTPError as refusal:
        raise CommandError(f"the alert was refused: {refusal.read().decode()}") from refusal


def _report() -> dict[str, Any]:
    signal = newest_signal()
    return {} if signal is None else outcome_of(signal)


def _settled() -> bool:
    """A receipt for everybody, and no order on its way."""
    report = _report()
    moving = {"planned", "sending", "open", "partially_filled", "unknown"}
    return report.get("receipts", 0) >= FOLLOWERS and not moving & report["orders"].keys()


def _problems(report: dict[str, Any]) -> list[str]:
    """What is not as it must be after the alert."""
    on_wire = {venue: report["routes"].get(venue, 0) for venue in VENUES}
    checks = {
        f"{report['receipts']} receipts instead of {FOLLOWERS}": report["receipts"] != FOLLOWERS,
        "no order was filled": not report["orders"].get("filled"),
        "nobody was refused by the venue": not report["outcomes"].get("refused"),
        "nobody was skipped": not report["outcomes"].get("skipped"),
        "fewer than 200 orders went over the wire": sum(on_wire.values()) < 200,
        f"a venue got no orders: {on_wire}": not all(on_wire.values()),
    }
    return [text for text, wrong in checks.items() if wrong]
