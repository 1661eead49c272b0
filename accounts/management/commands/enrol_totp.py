"""``manage.py enrol_totp owner@example.com`` prints the secret and the address for a QR code."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import services
from accounts.models import User


class Command(BaseCommand):
    help = "Set up a person's authenticator app and print its secret once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--secret", help="base32; a fresh one is made without it")

    def handle(self, *_args: Any, email: str, secret: str | None, **_options: Any) -> None:
        person = User.objects.filter(email=email).first()
        if person is None:
            raise CommandError(f"nobody has the address {email}")
        made = services.enrol_totp(user=person, secret=secret)
        self.stdout.write(made)
        self.stdout.write(get_adapter().build_totp_url(person, made))
