"""``manage.py rotate_token_key`` lets a new key sign access tokens; nobody is signed out."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.tokens.signing import rotate_signing_key


class Command(BaseCommand):
    help = "Make a new key for access tokens; the old one is accepted until its tokens expire."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(rotate_signing_key(now=timezone.now()).kid)
