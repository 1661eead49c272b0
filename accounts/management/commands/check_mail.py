"""``manage.py check_mail``: whether mails go out, and why not."""

from __future__ import annotations

import ssl
from argparse import ArgumentParser
from smtplib import SMTPAuthenticationError, SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Connects to the mail server and logs in; --to sends one mail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", help="an address of yours")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError with the reason, which holds no secret."""
        where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
        try:
            with get_connection() as connection:
                if options["to"]:
                    text = "Mails of your installation arrive."
                    EmailMessage("MIMIC", text, to=[options["to"]], connection=connection).send()
        except ssl.SSLCertVerificationError as fault:
            raise CommandError(f"{where}: its certificate: {fault.verify_message}") from None
        except SMTPAuthenticationError as fault:
            raise CommandError(f"{where}: refused the log-in ({fault.smtp_code})") from None
        except (SMTPException, OSError) as fault:
            raise CommandError(f"{where}: {type(fault).__name__}: {fault}") from None
        sent = f", one went to {options['to']}" if options["to"] else ""
        self.stdout.write(f"Mails go out through {where}{sent}.")
