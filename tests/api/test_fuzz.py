"""schemathesis against the running server: no 5xx, and nothing that the document does not say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.api.cast import World, an_operator

pytestmark = [pytest.mark.fuzz, pytest.mark.django_db(transaction=True)]
TOKEN = "a" * 32
EXAMPLES = os.environ.get("API_FUZZ_EXAMPLES", "8")


CONFIG = """
[auth.openapi.session]
api_key = "{session}"

[checks]
# The document cannot say which zones, venues or cursors exist: a refusal with a problem is right.
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422", "429"]
"""


FREELY = {"address": 10**6, "person": 10**6, "standard": 10**6, "high": 10**6}


@pytest.fixture(autouse=True)
def _often(settings: Settings) -> None:
    settings.API_REQUESTS_A_MINUTE = FREELY


def fuzz(site: str, client: Client, folder: Path, *more: str) -> str:
    """What it found as whoever is signed in to ``client``; empty when that is nothing."""
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    both = f"{session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"  # one header, two cookies
    (folder / "schemathesis.toml").write_text(CONFIG.format(session=both))
    command = [
        str(Path(sys.executable).with_name("st")), "run", f"{site}/openapi.json",
        "--checks", "all", "--max-examples", EXAMPLES, "--seed", "1", "--no-color",
        "--continue-on-failure", "--no-shrink", "--workers", "1",
        "-H", f"X-CSRFToken: {TOKEN}", *more,
    ]  # fmt: skip
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=1200)
    return "" if ran.returncode == 0 else ran.stdout[-8000:] + ran.stderr[-2000:]


ENDS_THE_SESSION = "/auth/logout|/me/sign-ins/|/me/sessions/"


def test_the_api_does_what_its_document_says(
    live_server: LiveServer, world: World, tmp_path: Path
) -> None:
    but = ("--exclude-path-regex", ENDS_THE_SESSION)
    found = fuzz(live_server.url, world.owner.browser, tmp_path, *but)
    assert not found, found


def test_what_ends_a_session_does_what_the_document_says(
    live_server: LiveServer, world: World, tmp_path: Path
) -> None:
    only = ("--include-path-regex", ENDS_THE_SESSION)
    found = fuzz(live_server.url, world.owner.browser, tmp_path, *only)
    assert not found, found


def test_the_operators_part_does_what_its_document_says(
    live_server: LiveServer, world: World, tmp_path: Path
) -> None:
    only = ("--include-path-regex", "/admin/")
    found = fuzz(live_server.url, an_operator(), tmp_path, *only)
    assert not found, found
