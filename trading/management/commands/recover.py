"""``manage.py recover``: nothing is opened until every account was compared with its venue.

Failovers and restores are noticed by themselves. This is for a gap that the database does not
show, as when rows were put back by hand.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from trading.execution import recovery


class Command(BaseCommand):
    help = "Compare every account with its venue before anything is opened there again."

    def handle(self, *args: Any, **options: Any) -> None:
        doubted = recovery.begin(now=timezone.now())
        waiting = recovery.waiting()
        self.stdout.write(f"{waiting.accounts} accounts wait, {doubted} orders are asked about")
