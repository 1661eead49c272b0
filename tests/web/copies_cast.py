"""The cast of the stories about copies: a person whose copies followed and skipped signals."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy, an_account
from trading.copying.fanout import fan_out
from trading.models import CopyExecution, CopySubscription, ExchangeAccount


def now() -> datetime:
    return datetime.now(UTC)


class Copier:
    """A person with one copy on paper, and their browser. The market trades BTC and ETH."""

    def __init__(self, user: User | None = None, **settings: Any) -> None:
        a_market()
        a_market("ETHUSDT", quantity_step=Decimal("0.001"))
        a_quote()
        a_quote("3000", "ETHUSDT")
        self.user = user or a_person()
        self.account = an_account(self.user)
        self.copy = self.copies(**settings)
        self.browser = Client()
        self.browser.force_login(self.user)

    def copies(self, account: ExchangeAccount | None = None, **settings: Any) -> CopySubscription:
        """One more copy, of a strategy of its own."""
        settings = {"allocation_pct": Decimal(40)} | settings
        return a_follower(a_strategy().strategy, account=account or self.account, **settings)

    def receive(self, copy: CopySubscription | None = None, **terms: Any) -> CopyExecution:
        """A signal, decided; one that is sent counts as executed."""
        copy = copy or self.copy
        signal = a_signal(copy.strategy, **terms)
        fan_out(signal_id=signal.pk, now=now())
        CopyExecution.objects.filter(signal=signal, outcome="planned").update(
            outcome="executed", code="executed"
        )
        return CopyExecution.objects.get(signal=signal)

    def signalled(self, *symbols: str) -> None:
        """Opens that nothing was held of yet: a preview of them has all the room."""
        for symbol in symbols:
            a_signal(self.copy.strategy, symbol=symbol)

    def url(self, name: str = "copy-settings") -> str:
        return reverse(name, args=[self.copy.public_id])

    def filled(self, **changes: Any) -> dict[str, Any]:
        """What the browser would send of the form as it is drawn, but for ``changes``."""
        form = self.browser.get(self.url()).context["form"]
        drawn = {name: form[name].value() for name in form.fields if name != "over_allocate"}
        return {name: "" if it is None else it for name, it in (drawn | changes).items()}

    def save(self, **changes: Any) -> Any:
        return self.browser.post(self.url(), self.filled(**changes))

    def preview(self, **changes: Any) -> str:
        answer = self.browser.post(self.url("copy-settings-preview"), self.filled(**changes))
        assert answer.status_code == 200
        return str(answer.text)
