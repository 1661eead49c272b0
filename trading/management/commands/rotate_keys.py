"""``manage.py rotate_keys``: every sealed row under the first of MASTER_KEYS.

May be killed and started again at any time; who signs goes on meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from trading.execution.key_rotation import rotate, unreadable_rows
from trading.execution.signer import SignerUnavailable


class Command(BaseCommand):
    help = "Wrap all exchange keys and proxy URLs under the first of MASTER_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for rotation in rotate(clock=timezone.now):
                self.stdout.write(f"{rotation.done} wrapped anew, {rotation.left} left")
        except SignerUnavailable as fault:
            raise CommandError(str(fault)) from None
        if rotation.left:
            rows = "\n".join(f"  {row}" for row in unreadable_rows(bytes.fromhex(rotation.head)))
            raise CommandError(f"opened by no master key:\n{rows}")
        self.stdout.write("Done. The other keys can leave MASTER_KEYS.")
