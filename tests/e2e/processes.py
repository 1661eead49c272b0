"""The main job's processes, each real, on the test's own database and Redis; signing in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pyotp
import pytest
from playwright.sync_api import Browser, Page

from accounts.models import User
from mimic.probes.processes import free_port
from tests.browser import chromium

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a long password of nine words for nobody"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Web and trading worker as processes of their own, on this test's database and Redis."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "SITE_URL": base}
    web = ("uvicorn", "mimic.asgi:application", "--port", str(port), "--no-proxy-headers")
    worker = ("celery", "-A", "mimic", "worker", "-Q", "trading,closes", "-P", "threads")
    running = [
        _start(web, environment, tmp_path / "web.log"),
        _start(worker, {**environment, "DB_POOL": "false"}, tmp_path / "worker.log"),
    ]
    _until(lambda: _answers(base), "the web process")
    _until(lambda: "ready" in (tmp_path / "worker.log").read_text(), "the worker")
    yield base
    for process in running:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _start(module: tuple[str, ...], env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *module, *(("-l", "INFO") if module[0] == "celery" else ())],
            cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


def _answers(base: str) -> bool:
    try:
        with urlopen(f"{base}/health/live", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _until(is_so: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + 40
    while not is_so():
        assert time.monotonic() < limit, f"waited in vain for {what}"
        time.sleep(0.1)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def a_page(browser: Browser) -> Page:
    return browser.new_context(viewport={"width": 1440, "height": 900}).new_page()


def sign_in(page: Page, base: str, person: User, secret: str = "") -> None:
    page.goto(f"{base}/accounts/login/")
    page.fill("input[name=login]", person.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    if secret:
        page.fill("input[name=code]", pyotp.TOTP(secret).now())
        page.click("button[type=submit]")
    page.wait_for_url(f"{base}/")
