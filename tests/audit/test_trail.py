"""What of weight happens leaves an entry: who, what, to what, and what it was before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyotp
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import services
from accounts.models import ConsentKind, Role, User
from accounts.services import api_keys, consents
from accounts.tokens.families import Program, begin_family, log_out
from mimic.audit.models import Entry
from mimic.audit.selectors import private_parts
from tests.cast import a_follower, a_person, a_strategy, an_account
from tests.console.cast import PASSWORD, console, operator, sign_in
from trading.copying.settings import change_settings
from trading.copying.subscription_states import Change, change_subscription
from trading.domain.ports import Credentials
from trading.execution import connecting
from trading.guards.kill import change_kill_switch, lift_kill_switch, set_kill_switch
from trading.models import KillEffect, KillScope, RiskLimits

__all__ = ["console", "operator", "sign_in"]
pytestmark = pytest.mark.django_db(transaction=True)
KEYS = Credentials("key-of-ada", "secret-of-ada")
Told = list[tuple[str, dict[str, Any]]]


def _now() -> datetime:
    return datetime.now(UTC)


def _kill(operator: User) -> Told:
    switch = set_kill_switch(
        scope=KillScope.PLATFORM, target="", reason="a test", by=operator, now=_now()
    )
    change_kill_switch(
        switch=switch, effect=KillEffect.CLOSE_ONLY, reason="worse", by=operator, now=_now()
    )
    lift_kill_switch(switch=switch, reason="over", by=operator, now=_now())
    code, facts = "trading.kill_switch.change", {"scope": "platform", "target": ""}
    return [
        (code, facts | {"was": "", "became": "block_opens"}),
        (code, facts | {"was": "block_opens", "became": "close_only"}),
        (code, facts | {"was": "close_only", "became": ""}),
    ]


def _consent(person: User) -> Told:
    kind = ConsentKind.COPY_TRADING
    version = consents.publish_consent_text(kind=kind, bodies={"en": "Text"}, now=_now())
    for _twice in range(2):
        consents.give_consent(
            person=person, kind=kind, version=version, locale="en", address="192.0.2.7",
            user_agent="x", now=_now(),
        )  # fmt: skip
    consents.withdraw_consent(person=person, kind=kind, now=_now())
    facts = {"kind": kind.value, "version": version}
    return [
        ("accounts.consent_text.publish", facts),
        ("accounts.consent.give", facts),
        ("accounts.consent.withdraw", {"kind": kind.value}),
    ]


def _exchange_keys(operator: User) -> Told:
    account = an_account(keys=KEYS)
    connecting.replace_keys(account=account, credentials=KEYS, now=_now())
    connecting.revoke_keys(account=account, by=operator, reason="leaked", now=_now())
    venue = {"venue": account.venue_id}
    return [
        ("trading.keys.give", venue),
        ("trading.account.move", {"cause": "disable", "was": "active", "became": "disabled"}),
        ("trading.keys.forget", venue),
    ]


def _copying(_person: User) -> Told:
    copy = a_follower(a_strategy().strategy)
    change_settings(subscription=copy, values={"sizing_value": Decimal(3)}, now=_now())
    change_subscription(subscription=copy, change=Change.PAUSE)
    return [
        ("trading.copy_settings.change", {"version": 2}),
        ("trading.copy.change", {"change": "pause"}),
    ]


def _rights(person: User) -> Told:
    services.change_role(person=person, role=Role.PROVIDER)
    services.enrol_totp(user=person)
    services.remove_second_factor(user=person)
    terms = api_keys.Terms("bot", ["read"], [], None)
    made = api_keys.create_key(user=person, terms=terms, now=_now())
    api_keys.revoke_key(key=made.key, now=_now())
    prefix = made.key.prefix
    return [
        ("accounts.role.change", {"was": "trader", "became": "provider"}),
        ("accounts.second_factor.remove", {}),
        ("accounts.api_key.make", {"prefix": prefix, "scopes": ["read"], "follows": None}),
        ("accounts.api_key.revoke", {"prefix": prefix}),
    ]


def _programs(person: User) -> Told:
    program = Program("bot", None)
    tokens = begin_family(user=person, program=program, second_factor=True, now=_now())
    log_out(token=tokens.refresh, now=_now())
    return [
        ("accounts.program.sign_in", {"second_factor": True}),
        ("accounts.program.end", {"by": "logout"}),
    ]


@pytest.mark.parametrize("deeds", [_kill, _consent, _exchange_keys, _copying, _rights, _programs])
def test_deeds_leave_entries(deeds: Callable[[User], Told]) -> None:
    told = deeds(a_person())
    entries = list(Entry.objects.order_by("pk"))
    assert [(entry.action, entry.facts) for entry in entries] == told


def test_changed_settings_are_told_with_what_they_were() -> None:
    copy = a_follower(a_strategy().strategy)
    change_settings(subscription=copy, values={"sizing_value": Decimal(3)}, now=_now())
    entry = Entry.objects.get()
    said = private_parts([entry])[entry.pk] or {}
    assert (said["before"], said["after"]) == (
        {"sizing_value": "5.000000000000000000"}, {"sizing_value": "3"},
    )  # fmt: skip
    assert entry.before_digest != entry.after_digest
    assert (entry.subject_id, entry.object_id) == (copy.user_id, str(copy.pk))


def test_no_key_and_no_token_stands_in_an_entry() -> None:
    account = an_account(keys=KEYS)
    connecting.replace_keys(account=account, credentials=KEYS, now=_now())
    entry = Entry.objects.get()
    said = f"{entry.facts} {private_parts([entry])[entry.pk]}"
    assert KEYS.api_key not in said
    assert KEYS.secret not in said


@pytest.mark.urls("mimic.urls")
def test_signing_in_failing_and_signing_out_tell_the_address_and_the_request(
    operator: tuple[User, str], sign_in: Callable[..., Client]
) -> None:
    person, secret = operator
    browser = Client(headers={"x-request-id": "request-of-mine", "user-agent": "Test/1"})
    wrong = {"login": person.email, "password": "not the password"}
    browser.post(reverse("account_login"), wrong, REMOTE_ADDR="192.0.2.9")
    signed_in = sign_in(person, pyotp.TOTP(secret).now())
    signed_in.post(reverse("account_logout"))
    failed, came, left = Entry.objects.order_by("pk")
    assert [each.action for each in (failed, came, left)] == [
        "accounts.sign_in.fail", "accounts.sign_in", "accounts.sign_out",
    ]  # fmt: skip
    assert (failed.actor_id, failed.request_id) == (None, "request-of-mine")
    assert failed.subject_id == person.pk, "shredded with the person's data"
    assert private_parts([failed])[failed.pk] == {
        "email": person.email, "address": "192.0.2.9", "user_agent": "Test/1",
    }  # fmt: skip
    assert {(each.actor_id, each.actor_role) for each in (came, left)} == {(person.pk, "owner")}
    assert PASSWORD not in str([private_parts([each]) for each in (failed, came, left)])


def test_a_form_of_the_console_is_told_field_by_field(console: Client) -> None:
    url = reverse("admin:trading_risklimits_add")
    console.post(url, {"scope": "platform", "target": 0, "max_open": 3, "note": "calm"})
    limits = RiskLimits.objects.get()
    console.post(
        reverse("admin:trading_risklimits_change", args=[limits.pk]),
        {"scope": "platform", "target": 0, "max_open": 2, "note": "calm"},
    )
    added, changed = Entry.objects.filter(action__startswith="console").order_by("pk")
    assert (added.action, changed.action) == ("console.add", "console.change")
    assert changed.facts == {"fields": ["max_open"]}
    said = private_parts([changed])[changed.pk] or {}
    assert (said["before"], said["after"]) == ({"max_open": "3"}, {"max_open": "2"})
    assert (changed.object_kind, changed.actor_role) == ("trading.risklimits", "owner")


def test_operators_search_the_audit_and_download_it(
    console: Client, operator: tuple[User, str]
) -> None:
    person, _secret = operator
    _kill(person)
    _consent(a_person())
    url = reverse("admin:audit_entry_changelist")
    page = console.get(url, {"q": person.email})
    assert "a test" in page.content.decode(), "the private is readable while its key is there"
    assert {each.actor_id for each in page.context["cl"].result_list} == {person.pk}
    found = console.get(url, {"action": "accounts.consent.withdraw", "since": "hour"})
    assert [each.action for each in found.context["cl"].result_list] == [
        "accounts.consent.withdraw"
    ]
    export = reverse("admin:audit_entry_export", args=["csv"])
    lines = b"".join(console.get(export, {"q": person.email})).decode().splitlines()
    assert lines[0].startswith("at,action,by")
    assert sum("Kill switch set" in line for line in lines) == 3
    assert Entry.objects.latest("pk").facts == {"list": "audit.entry", "kind": "csv"}
    change = reverse("admin:audit_entry_change", args=[Entry.objects.earliest("pk").pk])
    assert console.get(change).status_code == 200
    assert console.post(change, {"action": "x"}).status_code == 403


def test_a_page_of_the_audit_costs_no_query_an_entry(
    console: Client, operator: tuple[User, str]
) -> None:
    url = reverse("admin:audit_entry_changelist")
    with CaptureQueriesContext(connection) as few:
        console.get(url)
    for _round in range(5):
        _kill(operator[0])
        _consent(a_person())
    with CaptureQueriesContext(connection) as many:
        console.get(url)
    assert len(many) == len(few)
