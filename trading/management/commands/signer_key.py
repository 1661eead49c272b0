"""``manage.py signer_key``: the public half of the signer's key, for every process that seals."""

from __future__ import annotations

import base64
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from trading.execution.signer import signer_public_key


class Command(BaseCommand):
    help = "Print SIGNER_PUBLIC_KEY for the newest of MASTER_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.MASTER_KEYS:
            raise CommandError("MASTER_KEYS is not set in this environment")
        public = signer_public_key(settings.MASTER_KEYS[0])
        self.stdout.write(base64.b64encode(public).decode())
