"""The cast of the stories about exchange accounts: a trader with an app, venues that answer."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime
from typing import Any

import pyotp
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from accounts.services import enrol_totp
from tests.cast import VENUE, a_person
from tests.codes import code_of
from trading.domain.keys import KeyReport
from trading.domain.ports import Credentials
from trading.execution import connecting, key_checks, signer
from trading.market.catalogue import sync_venues
from trading.models import AccountCheck, ExchangeAccount, Venue
from trading.venues.credentials import key_context, unpack

LIST = "exchange-accounts"
FINE = KeyReport(
    can_trade=True, can_withdraw=False, ip_restricted=True, hedge=True, margin_mode="cross",
    clock_ahead_ms=12,
)  # fmt: skip
KEYS = {"api_key": "canary-key", "secret": "canary-secret"}


def now() -> datetime:
    return datetime.now(UTC)


def stock_venues(*enabled: str) -> None:
    """The whole catalogue; Binance and ``enabled`` take accounts."""
    Venue.objects.filter(code=VENUE).delete()
    sync_venues()
    Venue.objects.filter(code__in=enabled).update(enabled=True)


def connected(
    user: User, label: str = "Main", report: KeyReport | None = FINE, venue: str = VENUE
) -> ExchangeAccount:
    """An account through the commands, past its check unless there is no report."""
    account = connecting.connect_account(
        user=user, venue=Venue.objects.get(code=venue), label=label,
        credentials=Credentials(**KEYS, passphrase="canary-phrase"), demo=False, now=now(),
    )  # fmt: skip
    if report is not None:
        checked(account, report)
    return account


def checked(account: ExchangeAccount, report: KeyReport) -> None:
    """The worker's part of the newest check, with this answer of the venue."""
    newest = AccountCheck.objects.filter(account=account).latest("pk")
    key_checks.run_check(check_id=newest.pk, ask=lambda _question: report, clock=now)
    account.refresh_from_db()


def kept_keys(account: ExchangeAccount) -> Credentials:
    row = bytes(account.sealed_keys or b"")
    return unpack(signer.unwrap(row, context=key_context(account.public_id)))


def again(browser: Client) -> Client:
    """Another with the same cookies; what it does leaves those of the first as they are."""
    other = Client()
    other.cookies.load({name: it.value for name, it in browser.cookies.items()})
    return other


class Trader:
    """A person with an app, and their browser."""

    def __init__(self, role: str = Role.TRADER) -> None:
        self.user = a_person(role)
        self.app = pyotp.TOTP(enrol_totp(user=self.user))
        self.browser = Client()
        self.browser.force_login(self.user)
        self._offset = -1

    def again(self) -> Trader:
        """The same person for another cell of a matrix: no code used, the cookies as they are."""
        twin = copy(self)
        twin.browser = again(self.browser)
        return twin

    def code(self) -> str:
        """A code not used yet; three are good at any time."""
        code = code_of(self.app, self._offset)
        self._offset += 1
        return code

    def connect(self, venue: str = VENUE, **changes: str) -> Any:
        """The answer to the form, filled in but for ``changes``."""
        given = {"label": "Main", "code": self.code(), **KEYS} | changes
        return self.browser.post(reverse("exchange-account-connect", args=[venue]), given)

    def page(self, name: str, *args: Any) -> str:
        return self.browser.get(reverse(name, args=args)).text

    @property
    def account(self) -> ExchangeAccount:
        return ExchangeAccount.objects.get(user=self.user)
