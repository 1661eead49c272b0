"""The examples of docs/api.md do what the page says, against a running server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import ApiKey, EndedBy, TokenFamily, User
from tests.api.cast import World, a_world
from tests.browser import add_session, chromium, needs_chromium
from trading.models import CopySubscription, ExchangeAccount

pytestmark = pytest.mark.django_db(transaction=True)
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
PASSWORD = "correct horse battery"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    world = a_world()
    world.owner.user.set_password(PASSWORD)
    world.owner.user.save()
    world.owner.browser.force_login(world.owner.user)
    ExchangeAccount.objects.filter(label="Main").update(label="First")
    return world


def examples(language: str) -> str:
    """All blocks of one language, as one script."""
    found = re.findall(rf"^```{language}\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    return "\n".join(found)


def run(command: list[str], live_server: LiveServer, world: World) -> str:
    """What the script printed; it must end well.

    Its three codes are those of three neighbouring half minutes: it must end within this one.
    """
    left = 30 - time.time() % 30
    if left < 8:
        time.sleep(left)
    given = {
        "SITE": live_server.url, "EMAIL": world.owner.user.email, "PASSWORD": PASSWORD,
        "CODE": world.owner.code(), "FRESH_CODE": world.owner.code(),
        "KEY_CODE": world.owner.code(),
        "API_KEY": "an-api-key", "API_SECRET": "a-secret",
    }  # fmt: skip
    ran = subprocess.run(
        command, env=os.environ | given, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl (apt-get install)")
def test_the_curl_examples_run(live_server: LiveServer, world: World) -> None:
    script = "set -euo pipefail\n" + examples("sh")
    printed = run(["bash", "-c", script], live_server, world)
    assert f'"email":"{world.owner.user.email}"' in printed
    assert '"status":"paused"' in printed
    assert '"code":"planned"' in printed
    assert '"version":2' in printed
    assert '{"name":"max_open","value":"3","source":"subscription"}' in printed
    assert printed.index('"status":"paused"') < printed.index('"status":"active"')
    assert '"success":null' in printed
    assert re.search(r"ratelimit-limit: 120\b", printed, re.IGNORECASE)
    assert ApiKey.objects.get(name="report bot").networks == ["127.0.0.1/32"]
    assert ExchangeAccount.objects.filter(user=world.owner.user, label="Main").count() == 1


def test_the_python_examples_run(live_server: LiveServer, world: World) -> None:
    printed = run([sys.executable, "-c", examples("python")], live_server, world)
    assert re.search(r"^earned -\d+\.\d+ after fees$", printed, re.MULTILINE)
    assert re.search(r" active$", printed, re.MULTILINE)
    assert f"signed in as {world.owner.user.email}" in printed
    assert re.search(r"^left this minute: 2\d\d$", printed, re.MULTILINE)
    assert TokenFamily.objects.get(label="report bot").ended_by == EndedBy.LOGOUT


@pytest.mark.e2e
@needs_chromium
def test_the_javascript_examples_run(live_server: LiveServer, world: World) -> None:
    with chromium() as browser:
        context = browser.new_context()
        add_session(context, live_server.url, world.owner.browser)
        cookie = {"name": settings.CSRF_COOKIE_NAME, "value": "a" * 32, "url": live_server.url}
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.goto(live_server.url)
        page.evaluate(f"async () => {{ {examples('js')} }}")
    assert set(CopySubscription.objects.values_list("status", flat=True)) == {"paused"}
    assert User.objects.get(pk=world.owner.user.pk).theme == "professional"
