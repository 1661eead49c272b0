"""docs/sockets.md says what is so, and its example runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mimic.asgi import application
from mimic.core.tokens import generate_token
from mimic.probes.processes import SOCKETS
from mimic.web import live_channels
from mimic.web.consumers import MAX_CHANNELS, MAX_REQUESTS
from mimic.web.hub.outbox import CAPACITY
from mimic.web.seats import PER_ADDRESS, PER_PERSON
from mimic.web.socket_requests import MAX_FRAME, Close
from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now, send_on_paper
from tests.web.serving import web_process
from trading.copying.fanout import fan_out

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "sockets.md").read_text()
SECONDS = 60


def _first_cells(heading: str) -> set[str]:
    """The words in backticks, or the numbers, of the first column of the table under a heading."""
    table = re.search(rf"^\| {heading} \|.*?(?=\n\n)", GUIDE, re.DOTALL | re.MULTILINE)
    assert table is not None
    cells = [line.split("|")[1] for line in table[0].splitlines()[2:]]
    return {word.strip("`") for cell in cells for word in re.findall(r"`[^`]+`|\d+", cell)}


def test_the_tables_name_every_channel_and_close_code() -> None:
    told = {name.partition("<")[0] for name in _first_cells("channel")}  # a family by its start
    assert told == set(live_channels._channels)
    assert _first_cells("close code") == {str(code.value) for code in Close}


def test_the_limits_are_those_of_the_code() -> None:
    told = (
        f"{PER_PERSON} sockets a person, {PER_ADDRESS} an address for strangers, {MAX_CHANNELS} "
        f"channels a socket, {MAX_REQUESTS} requests in ten seconds, {MAX_FRAME:,} characters"
    )
    assert told in " ".join(GUIDE.split())
    assert f"{CAPACITY} messages were waiting" in GUIDE


@pytest.mark.parametrize("file", ["docker-compose.yml", "Dockerfile"])
def test_servers_are_started_with_the_options_that_were_measured(file: str) -> None:
    words = re.findall(r"[\w-]+", (ROOT / file).read_text())
    start = words.index(SOCKETS[0])
    assert tuple(words[start : start + len(SOCKETS)]) == SOCKETS


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The whole web process: pages to sign in by, and sockets."""
    with web_process(application) as port:
        yield f"http://127.0.0.1:{port}"


def test_the_example_runs(site: str) -> None:
    a_market()
    a_quote()
    password = generate_token()
    strategy, person = a_strategy().strategy, a_person(password=password)
    a_follower(strategy, account=an_account(person))
    (example,) = re.findall(r"^```python\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    given = {"SITE": site, "EMAIL": person.email, "PASSWORD": password, "PYTHONUNBUFFERED": "1"}
    ran = subprocess.Popen(
        [sys.executable, "-c", example],
        env=os.environ | given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert ran.stdout is not None
    printed = [ran.stdout.readline() for _ in range(4)]
    subscribed = ["ack ['orders', 'balance']\n", "orders now: 0\n", "balance now: 1\n"]
    assert printed == ["ack None\n", *subscribed]
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    send_on_paper()
    rest, _ = ran.communicate(timeout=SECONDS)
    assert ran.returncode == 0, rest
    assert re.fullmatch(r"BTCUSDT buy 0\.\d+ planned\n", rest)
