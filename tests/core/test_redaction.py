"""Secrets and floods do not reach the logs."""

from __future__ import annotations

import logging

import pytest

from mimic.core.redaction import redact, redact_text
from tests.core.conftest import Lines


@pytest.mark.parametrize(
    "text",
    [
        "GET /webhook/hushhush HTTP/1.1",
        "GET /webhook//hushhush HTTP/1.1",
        "GET /Webhook/'hushhush' HTTP/1.1",
        "GET /webhook/ hushhush HTTP/1.1",
        "redis://user:hushhush@cache:6379/0",
        "Authorization: Bearer hushhush1234",
        '{"passphrase": "hushhush", "symbol": "BTCUSDT"}',
        "POST /order?signature=hushhush&symbol=X",
        "listenKey=hushhush",
    ],
)
def test_a_secret_inside_a_text_is_hidden(text: str) -> None:
    assert "hushhush" not in redact_text(text)


def test_fields_are_hidden_by_name_at_any_depth() -> None:
    fields = {"headers": [{"Cookie": "hush", "Accept": "*/*"}], "X-Api-Key": "hush"}
    assert redact(fields) == {"headers": [{"Cookie": "***", "Accept": "*/*"}], "X-Api-Key": "***"}


def test_ordinary_words_stay_readable() -> None:
    text = "order 5 of strategy 7 rejected: no free margin on BTCUSDT at 60000.5"
    assert redact_text(text) == text


def test_a_line_is_one_line_and_bounded(log_lines: Lines) -> None:
    logging.getLogger("tests").warning("a\nb %s", "x" * 100_000, extra={"rows": list(range(1000))})
    (line,) = log_lines()
    assert len(line["message"]) < 2_100
    assert len(line["rows"]) == 50
