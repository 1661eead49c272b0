"""From signing up to a passkey, in a real browser; what a login has spent opens no panic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from django.core import mail
from playwright.sync_api import Browser, Page, expect

from accounts.models import Role, User
from mimic.asgi import application
from tests.browser import chromium, needs_chromium, shoot, watched
from tests.codes import code_of
from tests.web.serving import web_process
from trading.models import KillSwitch

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), needs_chromium]
EMAIL, PASSWORD = "ann@example.com", "five words that nobody guesses"
PANIC = "/admin/trading/killswitch/console/?scope=platform&effect=block_opens"


@pytest.fixture
def site(settings: Any) -> Iterator[str]:
    """By name: a passkey is not made for an address."""
    with web_process(application) as port:
        settings.SITE_URL = f"http://localhost:{port}"
        yield settings.SITE_URL


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def _page(browser: Browser, site: str) -> Page:
    context = browser.new_context(base_url=site, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(10_000)
    return page


def _with_authenticator(page: Page) -> None:
    """Chromium's virtual authenticator: always there, always pressed."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def _password(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    _press(page, "Sign in")


def _sign_up(page: Page) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    _press(page, "Sign up")
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    page.goto(next(word for word in str(mail.outbox[0].body).split() if "confirm-email" in word))
    _press(page, "Confirm")
    _password(page)
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def _app(page: Page) -> pyotp.TOTP:
    """Set up, with recovery codes; the app."""
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Password").fill(PASSWORD)
    _press(page, "Confirm")
    app = pyotp.TOTP(page.locator("#authenticator_secret").input_value())
    page.get_by_label("Code").fill(code_of(app, -1))
    _press(page, "Activate")
    page.get_by_role("link", name="Make them now").click()
    _press(page, "Make new codes")
    expect(page.locator("[data-codes]")).to_have_text(re.compile(r"^([a-z2-7-]{27}\s+){10}$"))
    shoot(page, "recovery-codes-made")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_text().count("\n") == 10
    return app


def _passkey(page: Page) -> None:
    page.get_by_role("link", name="I have saved them").click()
    page.get_by_role("link", name="Add a passkey").click()
    _press(page, "Make the passkey")
    expect(page.get_by_role("heading", name="Passkeys")).to_be_visible()
    shoot(page, "factors")


def test_from_signing_up_to_the_panic_that_a_login_code_does_not_open(
    site: str, browser: Browser
) -> None:
    page, second = _page(browser, site), _page(browser, site)
    errors, more_errors = watched(page), watched(second)
    _with_authenticator(page)
    _sign_up(page)
    app = _app(page)
    _passkey(page)
    User.objects.filter(email=EMAIL).update(role=Role.OWNER, is_staff=True, is_superuser=True)

    page.goto("/accounts/logout/")
    _press(page, "Sign Out")
    _password(page)
    _press(page, "Use a passkey")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()

    _password(second)
    spent = app.now()
    second.get_by_label("Code").fill(spent)
    shoot(second, "second-step")
    _press(second, "Sign in")
    expect(second.get_by_role("heading", name="Home")).to_be_visible()

    page.goto(PANIC)
    page.fill("#id_reason", "The walk of a browser.")
    page.fill("#id_code", spent)
    page.locator(".console-confirm__do").click()
    expect(page.get_by_text("The code was not accepted.")).to_be_visible()
    assert not KillSwitch.objects.exists()
    _press(page, "Use a passkey")
    expect(page.locator("#id_code")).to_have_value(re.compile("^pk_"))
    page.locator(".console-confirm__do").click()
    page.wait_for_url(re.compile("/progress/"))
    assert KillSwitch.objects.exists()

    page.goto("/accounts/sessions/")
    _press(page, "Sign out all others")
    expect(page.get_by_text("1 other browser was signed out.")).to_be_visible()
    # Its socket is closed, and the page leaves by itself.
    expect(second.get_by_role("heading", name="Sign in")).to_be_visible(timeout=20_000)
    assert errors == more_errors == []
