"""A newcomer: signed up a moment ago, with nothing at all."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import ConsentKind
from accounts.services.consents import publish_consent_text
from signals.models import Strategy
from tests.cast import a_market, a_person, a_quote, a_strategy
from tests.web.copies_cast import now
from trading.models import ExchangeAccount


class Newcomer:
    """The market trades BTC, one strategy is on offer, a disclosure is in force."""

    def __init__(self) -> None:
        a_market()
        a_quote()
        text = "Copying can lose the whole amount that you give to a copy."
        publish_consent_text(kind=ConsentKind.COPY_TRADING, bodies={"en": text}, now=now())
        self.published = a_strategy(description="Follows the trend of the big two, with a stop.")
        self.user = a_person()
        self.browser = Client()
        self.browser.force_login(self.user)

    def practises(self) -> ExchangeAccount:
        self.browser.post(reverse("start-paper"))
        return ExchangeAccount.objects.get(user=self.user)

    def page(self, strategy: Strategy | None = None) -> str:
        return reverse("copy-start", args=[(strategy or self.published.strategy).public_id])

    def copies(self, strategy: Strategy | None = None, **changes: Any) -> Any:
        """What the page's form says as it is drawn, agreed to, but for ``changes``."""
        form = self.browser.get(self.page(strategy)).context["form"]
        drawn = {name: str(form[name].value() or "") for name in form.fields if name != "agree"}
        drawn["account"] = drawn["account"] or next(iter(form.accounts))
        given = {**drawn, "agree": "on", **changes}
        return self.browser.post(self.page(strategy), {k: v for k, v in given.items() if v})
