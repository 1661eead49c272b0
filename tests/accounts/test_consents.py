"""Consents: given to one version, asked for anew, withdrawn with what depends on them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Consent, ConsentKind, ConsentText, User
from accounts.selectors import consent_missing
from accounts.services.consents import (
    ConsentOutdated,
    ConsentTextIncomplete,
    ConsentUnknown,
    give_consent,
    publish_consent_text,
    withdraw_consent,
)
from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy
from trading.copying.fanout import fan_out
from trading.models import CopyExecution, CopySubscription

pytestmark = pytest.mark.django_db(transaction=True)
COPY = ConsentKind.COPY_TRADING
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def _publish(body: str = "Copying can lose money.", **others: str) -> int:
    return publish_consent_text(kind=COPY, bodies={"en": body, **others}, now=NOW)


def _agree(person: User, version: int = 1, locale: str = "en") -> Consent:
    return give_consent(
        person=person, kind=COPY, version=version, locale=locale, address="203.0.113.9",
        user_agent="A browser", now=NOW,
    )  # fmt: skip


def test_a_consent_is_kept_with_the_digest_of_the_very_text(db: None) -> None:
    _publish(uk="Копіювання може принести збитки.")
    person = a_person()
    given = _agree(person, locale="uk")
    text = ConsentText.objects.get(locale="uk")
    assert (given.locale, bytes(given.digest)) == ("uk", bytes(text.digest))
    assert (given.address, given.user_agent, given.given_at) == ("203.0.113.9", "A browser", NOW)
    assert _agree(person, locale="uk").pk == given.pk
    assert Consent.objects.count() == 1


def test_a_language_without_a_text_agrees_to_the_english_one() -> None:
    _publish()
    assert _agree(a_person(), locale="es").locale == "en"


def test_a_new_version_asks_everybody_again() -> None:
    _publish()
    person = a_person()
    assert consent_missing(person.pk, COPY)
    _agree(person)
    assert not consent_missing(person.pk, COPY)
    assert _publish("Copying can lose all of it.") == 2
    assert consent_missing(person.pk, COPY)
    with pytest.raises(ConsentOutdated):
        _agree(person, version=1)
    _agree(person, version=2)
    assert not consent_missing(person.pk, COPY)


def test_what_cannot_be_agreed_to_is_refused_by_name() -> None:
    with pytest.raises(ConsentUnknown):
        _agree(a_person())
    with pytest.raises(ConsentTextIncomplete):
        publish_consent_text(kind=COPY, bodies={"uk": "Текст"}, now=NOW)


def _outcomes() -> dict[int, str]:
    return dict(CopyExecution.objects.order_by("pk").values_list("subscription_id", "code"))


def test_only_who_agreed_to_the_version_in_force_copies_opens() -> None:
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    agreed, silent, late = (a_follower(strategy) for _ in range(3))
    _publish()
    _agree(late.user)
    _publish("The second.")
    _agree(agreed.user, version=2)
    fan_out(signal_id=a_signal(strategy).pk, now=datetime.now(UTC))
    assert _outcomes() == {
        agreed.pk: "planned", silent.pk: "consent_missing", late.pk: "consent_missing",
    }  # fmt: skip


def test_withdrawing_pauses_the_copies_at_once_and_stays_on_record() -> None:
    strategy = a_strategy().strategy
    mine, other = a_follower(strategy), a_follower(strategy)
    _publish()
    _agree(mine.user)
    assert withdraw_consent(person=mine.user, kind=COPY, now=NOW)
    assert not withdraw_consent(person=mine.user, kind=COPY, now=NOW)
    statuses = dict(CopySubscription.objects.values_list("pk", "status"))
    assert statuses == {mine.pk: "paused", other.pk: "active"}
    assert Consent.objects.get().withdrawn_at == NOW
    _agree(mine.user)
    assert Consent.objects.count() == 2


# The page


@pytest.fixture
def trader() -> tuple[User, Client]:
    person, browser = a_person(), Client()
    browser.force_login(person)
    return person, browser


def _page(browser: Client) -> str:
    return browser.get(reverse("consents")).content.decode()


def test_the_page_offers_to_agree_and_then_to_withdraw(trader: tuple[User, Client]) -> None:
    person, browser = trader
    assert "nothing to agree to" in _page(browser)
    _publish()
    copy = a_follower(a_strategy().strategy)
    CopySubscription.objects.update(user=person)
    assert "I have read it and agree" in _page(browser)
    assert "until you agree" in browser.get(reverse("copies")).content.decode()
    answer = browser.post(reverse("consent-give"), {"kind": COPY, "version": 1}, follow=True)
    assert "You agree" in answer.content.decode()
    assert "until you agree" not in browser.get(reverse("copies")).content.decode()
    answer = browser.post(reverse("consent-withdraw"), {"kind": COPY}, follow=True)
    assert "Your copies are paused" in answer.content.decode()
    copy.refresh_from_db()
    assert copy.status == "paused"


def test_the_page_says_when_the_text_changed_meanwhile(trader: tuple[User, Client]) -> None:
    _person, browser = trader
    _publish()
    _publish("Again.")
    answer = browser.post(reverse("consent-give"), {"kind": COPY, "version": 1}, follow=True)
    assert "has changed since" in answer.content.decode()
    assert not Consent.objects.exists()
    answer = browser.post(reverse("consent-give"), {"kind": "blood", "version": 1}, follow=True)
    assert "Nothing was changed" in answer.content.decode()


def test_one_person_sees_only_their_own_consents(trader: tuple[User, Client]) -> None:
    _person, browser = trader
    _publish()
    _agree(a_person())
    assert "You agree" not in _page(browser)
