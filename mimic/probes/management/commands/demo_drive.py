"""``manage.py demo_drive``: wait until everything is ready, send one alert over HTTP, check."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from django.core.management.base import BaseCommand, CommandError

from mimic.probes.demo.cast import FOLLOWERS, VENUES
from mimic.probes.demo.driving import report, send_alert, settled, wait
from mimic.probes.demo.outcome import waiting_accounts, waiting_books

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
        wait("the web process", limit, lambda: _answers(f"{address}/health/live"))
        wait("fresh balances", limit, lambda: waiting_accounts() == 0)
        wait("order books", limit, lambda: waiting_books(SYMBOL, VENUES) == 0)
        answer = send_alert(address, options["token"], ALERT)
        self.stdout.write(f"alert answered: {json.dumps(answer)}")
        wait("every order's end", limit, lambda: settled(FOLLOWERS))
        found = report()
        self.stdout.write(json.dumps(found, indent=2))
        problems = _problems(found)
        if problems:
            raise CommandError("; ".join(problems))


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310  # nosec B310  # our own address
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _problems(found: dict[str, Any]) -> list[str]:
    """What is not as it must be after the alert."""
    on_wire = {venue: found["routes"].get(venue, 0) for venue in VENUES}
    checks = {
        f"{found['receipts']} receipts instead of {FOLLOWERS}": found["receipts"] != FOLLOWERS,
        "no order was filled": not found["orders"].get("filled"),
        "nobody was refused by the venue": not found["outcomes"].get("refused"),
        "nobody was skipped": not found["outcomes"].get("skipped"),
        "fewer than 200 orders went over the wire": sum(on_wire.values()) < 200,
        f"a venue got no orders: {on_wire}": not all(on_wire.values()),
    }
    return [text for text, wrong in checks.items() if wrong]
