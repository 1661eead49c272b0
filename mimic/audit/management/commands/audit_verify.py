"""``manage.py audit_verify``: is the audit as it was sealed, and if not, where does it break?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mimic.audit.verify import verify

_SHOWN = 50


class Command(BaseCommand):
    help = "Read every entry and seal again. Ends with 1 and names the places if something differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            metavar="NUMBER:DIGEST",
            help='a seal as a log line ("audit sealed") or a note has it; may be repeated',
        )

    def handle(self, *args: Any, anchor: list[str], **options: Any) -> None:
        verdict = verify(now=timezone.now(), anchors=dict(map(_anchor, anchor)))
        self.stdout.write(
            f"{verdict.seals} seals over {verdict.entries} entries; {verdict.retired} retired by "
            f"age, {verdict.waiting} not sealed yet; head {verdict.head.hex()}"
        )
        if verdict.breaks:
            shown = "\n".join(f"  {each}" for each in verdict.breaks[:_SHOWN])
            raise CommandError(f"the audit breaks in {len(verdict.breaks)} places:\n{shown}")


def _anchor(text: str) -> tuple[int, str]:
    number, _colon, digest = text.partition(":")
    if not number.isdecimal() or not digest:
        raise CommandError(f"--anchor takes NUMBER:DIGEST, not {text!r}")
    return int(number), digest.lower()
