"""``manage.py demo_outage``: an alert while a venue loses orders and answers, and how it heals."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mimic.probes.demo.cast import FOLLOWERS
from mimic.probes.demo.driving import send_alert, settled, wait
from mimic.probes.demo.outage import (
    LOST_ANSWERS,
    LOST_REQUESTS,
    VENUE,
    begin,
    outcome_of,
    problems_of,
)
from mimic.probes.demo.outcome import newest_signal

ALERT = {"symbol": "BINANCE:ETHUSDT.P", "action": "short", "leverage": 3, "sl_perc": 2}


class Command(BaseCommand):
    help = "An outage in the running demo: nothing is doubled, nothing is lost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--address", required=True)
        parser.add_argument("--token", required=True)
        parser.add_argument("--timeout", type=float, default=90.0)

    def handle(self, *args: Any, **options: Any) -> None:
        limit, started = time.monotonic() + options["timeout"], time.monotonic()
        before = newest_signal()
        begin()
        self.stdout.write(
            f"outage: {VENUE} executes {LOST_ANSWERS} orders without an answer and loses "
            f"{LOST_REQUESTS} on their way; they are unknown until it was asked"
        )
        send_alert(options["address"], options["token"], ALERT)
        wait("the signal", limit, lambda: newest_signal() != before)
        wait("every order's end", limit, lambda: settled(FOLLOWERS))
        signal = newest_signal()
        assert signal is not None  # it was waited for
        found = outcome_of(signal)
        healed = time.monotonic() - started
        self.stdout.write(f"healed by itself after {healed:.0f} s: {json.dumps(found)}")
        if problems := problems_of(found):
            raise CommandError("; ".join(problems))
