"""The mail server, from the environment: whole or not at all, and never in the clear."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Protocol

_TLS_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_PORTS: Final = range(1, 65_536)
_ADDRESS: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Reader(Protocol):
    """What :mod:`mimic.settings.environment` reads with."""

    problems: list[str]

    def text(self, name: str, default: str = "") -> str: ...

    def number(self, name: str, default: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Smtp:
    """``tls`` is ``tls`` from the first byte, ``starttls``, or ``none`` for a server on this
    machine. Without ``user`` nobody logs in. ``sender`` is the address that mails come from.
    """

    host: str
    port: int
    tls: str
    user: str
    sender: str
    password: str = field(repr=False)

    def as_settings(self) -> dict[str, object]:
        """Django's names; its backend verifies the server's certificate."""
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": self.host,
            "EMAIL_PORT": self.port,
            "EMAIL_HOST_USER": self.user,
            "EMAIL_HOST_PASSWORD": self.password,
            "EMAIL_USE_TLS": self.tls == "starttls",
            "EMAIL_USE_SSL": self.tls == "tls",
            "DEFAULT_FROM_EMAIL": f"MIMIC <{self.sender}>",
        }


def read_smtp(reader: Reader, *, site_host: str) -> Smtp | None:
    """None where no variable is set. What is wrong is added to the reader's problems."""
    host, user = reader.text("SMTP_HOST"), reader.text("SMTP_USER")
    password, sender = reader.text("SMTP_PASSWORD"), reader.text("MAIL_FROM")
    if not host:
        given = {"SMTP_USER": user, "SMTP_PASSWORD": password, "MAIL_FROM": sender}
        reader.problems += [f"{name} is set without SMTP_HOST" for name in given if given[name]]
        return None
    tls = reader.text("SMTP_TLS", "starttls")
    port = reader.number("SMTP_PORT", _TLS_PORTS.get(tls, _TLS_PORTS["starttls"]))
    found = Smtp(host, port, tls, user, sender or f"no-reply@{site_host}", password)
    reader.problems += _problems(found)
    return found


def _problems(found: Smtp) -> list[str]:
    checks = {
        f"SMTP_TLS must be one of {', '.join(_TLS_PORTS)}": found.tls not in _TLS_PORTS,
        "SMTP_TLS may be none for a server on this machine alone": (
            found.tls == "none" and found.host not in _LOOPBACK
        ),
        "SMTP_PORT must be between 1 and 65535": found.port not in _PORTS,
        "SMTP_USER and SMTP_PASSWORD must be set both or neither": (
            bool(found.user) != bool(found.password)
        ),
        "MAIL_FROM must be an e-mail address": not _ADDRESS.fullmatch(found.sender),
    }
    return [text for text, wrong in checks.items() if wrong]
