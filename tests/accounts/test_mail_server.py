"""Mails go out over verified TLS, with the whole of the settings or none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.adapter import GuardedAccountAdapter, MailNotSent
from mimic.settings.environment import UnsafeConfiguration, read
from mimic.settings.mail import Smtp
from tests.core.test_environment import HERE, SAFE
from tests.simulators.self_signed import self_signed
from tests.simulators.smtp import MailServer, mail_server

pytestmark = pytest.mark.security(24)
WHOLE = {"SMTP_HOST": "smtp.example", "SMTP_USER": "mimic", "SMTP_PASSWORD": "canary-password"}


def test_mail_settings_are_whole_or_none() -> None:
    assert read(SAFE, HERE).smtp is None
    found = read(SAFE | WHOLE, HERE).smtp
    assert found is not None
    assert (found.port, found.tls, found.sender) == (587, "starttls", "no-reply@mimic.example")
    assert "canary" not in repr(found)
    assert read(SAFE | WHOLE | {"SMTP_TLS": "tls"}, HERE).smtp == Smtp(
        "smtp.example", 465, "tls", "mimic", "no-reply@mimic.example", "canary-password"
    )


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"SMTP_USER": "mimic"}, "SMTP_USER is set without SMTP_HOST"),
        ({"SMTP_PASSWORD": "canary-password"}, "SMTP_PASSWORD is set without SMTP_HOST"),
        ({"SMTP_HOST": "x", "SMTP_USER": "mimic"}, "SMTP_USER and SMTP_PASSWORD"),
        ({**WHOLE, "SMTP_TLS": "ssl"}, "SMTP_TLS must be one of"),
        ({**WHOLE, "SMTP_TLS": "none"}, "SMTP_TLS may be none"),
        ({**WHOLE, "SMTP_PORT": "70000"}, "SMTP_PORT"),
        ({**WHOLE, "MAIL_FROM": "MIMIC\r\nBcc: x"}, "MAIL_FROM"),
    ],
)
def test_half_of_them_is_refused(given: dict[str, str], named: str) -> None:
    with pytest.raises(UnsafeConfiguration) as refusal:
        read(SAFE | given, HERE)
    assert named in str(refusal.value)
    assert "canary" not in str(refusal.value)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return tmp_path / "both.pem"


@pytest.fixture
def server(certificate: Path, settings: Any) -> Iterator[MailServer]:
    """With settings that lead to it."""
    with mail_server(self_signed(certificate.parent)) as running:
        found = Smtp("127.0.0.1", running.port, "tls", "mimic", "no-reply@mimic.example", "right")
        for name, value in found.as_settings().items():
            setattr(settings, name, value)
        yield running


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def test_a_server_that_proves_itself_gets_the_mail(
    server: MailServer, trusted: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("check_mail")
    assert server.mails == []
    call_command("check_mail", "--to", "ann@example.com")
    assert f"go out through 127.0.0.1:{server.port}" in capsys.readouterr().out
    (mail,) = server.mails
    assert "From: MIMIC <no-reply@mimic.example>" in mail
    assert "To: ann@example.com" in mail


@pytest.mark.django_db
def test_one_that_does_not_gets_not_a_word(server: MailServer) -> None:
    with pytest.raises(CommandError, match="certificate: self"):
        call_command("check_mail")
    with pytest.raises(MailNotSent):
        GuardedAccountAdapter().send_mail(
            "account/email/unknown_account", "ann@example.com", {"signup_url": "https://x"}
        )
    assert server.heard == []


def test_a_wrong_password_is_named_as_that_and_not_told(
    server: MailServer, trusted: None, settings: Any
) -> None:
    settings.EMAIL_HOST_PASSWORD = "canary-password"
    with pytest.raises(CommandError, match=r"refused the log-in \(535\)"):
        call_command("check_mail")
    settings.EMAIL_PORT = 9
    with pytest.raises(CommandError, match="ConnectionRefusedError"):
        call_command("check_mail")
