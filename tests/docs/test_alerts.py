"""The alerts of docs/alerts.md are taken as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from signals.ingest.tradingview.names import MEANINGFUL
from signals.models import Signal
from tests.cast import a_market, a_strategy

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()
EXAMPLES = re.findall(r"```(?:json|text)\n(.*?)```", PAGE, flags=re.DOTALL)
EXPECTED = [["open long"], ["close long"], ["close long", "open short"], ["open short"]]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("body", "expected"), zip(EXAMPLES, EXPECTED, strict=True))
def test_an_example_becomes_what_the_page_says(body: str, expected: list[str]) -> None:
    a_market()
    answer = Client().post(
        f"/webhook/{a_strategy().token}", data=body, content_type="text/plain; charset=utf-8"
    )
    assert answer.status_code == 202, answer.content
    assert [f"{row.action} {row.direction}" for row in Signal.objects.order_by("pk")] == expected


def test_every_field_that_the_page_names_is_one_that_the_door_reads() -> None:
    named = re.findall(r"^\| (.*?) \|", PAGE, flags=re.MULTILINE)
    fields = {name for cell in named for name in re.findall(r"`(\w+)`", cell)}
    assert len(fields) > 20
    assert fields <= MEANINGFUL
