"""Downloads: the filters that are on, plain figures, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import format_html
from openpyxl import load_workbook

from accounts import services
from accounts.models import Role, User
from mimic.console import export

ATTACKS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]


def _download(console: Client, kind: str, query: str = "") -> bytes:
    answer = console.get(reverse("admin:accounts_user_export", args=[kind]) + query)
    assert answer.status_code == 200
    assert f'filename="user.{kind}"' in answer["Content-Disposition"]
    return answer.getvalue() if answer.streaming else answer.content


@pytest.mark.parametrize("text", ATTACKS)
def test_text_that_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    assert export.cell(text) == f"'{text}"


@pytest.mark.parametrize("number", ["-5", "-5.25", "+7", "1e-8"])
def test_numbers_stay_numbers_whatever_their_sign(number: str) -> None:
    assert export.cell(number) == number
    assert export.cell(Decimal(number)) == Decimal(number)


def test_values_are_written_plainly() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert export.cell(moment) == "2026-01-02T03:04:05Z"
    assert export.cell(True) == "true"
    assert export.cell(None) == ""
    assert export.cell(format_html("<b>{}</b>", "=x")) == "'=x"
    assert export.cell(("danger", "Rejected")) == "Rejected"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_download_has_every_row_of_the_filter_and_no_formula(
    kind: str, console: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK", 7)
    services.register_many(
        people=[
            services.NewPerson(f"t{number}@example.com", display_name="=HYPERLINK(1)")
            for number in range(21)
        ]
    )
    User.objects.create_user("provider@example.com", role=Role.PROVIDER)
    body = _download(console, kind, "?role__exact=trader")
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(body.decode())))
    else:
        rows = [
            list(row) for row in load_workbook(io.BytesIO(body)).active.iter_rows(values_only=True)
        ]
    assert len(rows) == 22
    assert {row[1] for row in rows[1:]} == {"'=HYPERLINK(1)"}
    assert "password" not in rows[0]


@pytest.mark.django_db
def test_support_may_download_what_it_may_see_and_a_trader_nothing(
    console: Client, trader: User, client: Client
) -> None:
    assert _download(console, "csv")
    client.force_login(trader)
    assert client.get(reverse("admin:accounts_user_export", args=["csv"])).status_code == 404
    assert console.get(reverse("admin:accounts_user_export", args=["pdf"])).status_code == 404
