"""``manage.py demo_world``: make the demo's world and print its logins as one JSON line."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from mimic.core.partitions import ensure_partitions
from mimic.probes.demo.world import build_world


class Command(BaseCommand):
    help = "Make the demo's world in an empty database."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            raise CommandError("the database has people in it; the demo makes its own world")
        ensure_partitions(now=timezone.now())
        self.stdout.write(json.dumps(asdict(build_world())))
