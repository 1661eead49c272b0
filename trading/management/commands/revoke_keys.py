"""``manage.py revoke_keys``: forget the exchange keys of many accounts at once, after a leak.

Each account is a transaction of its own; killed and started again, it goes on with the rest.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from trading.execution.connecting import revoke_keys
from trading.models import ExchangeAccount


class Command(BaseCommand):
    help = "Erase stored exchange keys. What is open at venues can not be closed from here then."

    def add_arguments(self, parser: CommandParser) -> None:
        reach = parser.add_mutually_exclusive_group(required=True)
        reach.add_argument("--venue", help="the code of one venue")
        reach.add_argument("--all", action="store_true", help="every account")
        parser.add_argument("--reason", required=True, help="its owner reads it, word by word")
        parser.add_argument("--by", required=True, help="the operator's e-mail address")
        parser.add_argument("--yes", action="store_true", help="do it; else it only counts")

    def handle(self, *args: Any, **options: Any) -> None:
        operator = User.objects.filter(email=options["by"].lower(), is_staff=True).first()
        if operator is None:
            raise CommandError(f"no operator has the address {options['by']}")
        keyed = ExchangeAccount.objects.exclude(sealed_keys=None).order_by("pk")
        if options["venue"]:
            keyed = keyed.filter(venue=options["venue"])
        if not options["yes"]:
            self.stdout.write(f"{keyed.count()} accounts have keys; --yes erases them")
            return
        done = 0
        for account in keyed.iterator(chunk_size=500):
            done += revoke_keys(
                account=account, by=operator, reason=options["reason"], now=timezone.now()
            )
        self.stdout.write(f"{done} accounts have no keys any more. Revoke them at the venues too.")
