"""Who may speak for a strategy: rights, fitness, consent, one master each; all of it audited."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ConsentKind, Role
from accounts.services.consents import give_consent, publish_consent_text, withdraw_consent
from mimic.audit.models import Entry
from tests.cast import a_person, a_strategy, an_account
from tests.masters.cast import KEYS, a_master, their_account
from trading.copying.masters.connecting import (
    Change,
    MasterConsent,
    MasterNotAllowed,
    MasterTaken,
    MasterUnfit,
    MasterWrongState,
    Rules,
    change_master,
    connect_master,
    set_rules,
)
from trading.models import MasterAccount, MasterMove

pytestmark = pytest.mark.django_db(transaction=True)


def now() -> datetime:
    return datetime.now(UTC)


def test_a_provider_connects_an_account_of_their_own_and_it_begins_in_preview() -> None:
    strategy = a_strategy().strategy
    account, by = their_account(strategy), strategy.provider.user
    rules = Rules([" ethusdt ", "BTCUSDT"], "nc_")
    master = connect_master(strategy=strategy, account=account, by=by, now=now(), rules=rules)
    assert (master.state, master.preview) == ("active", True)
    assert (master.ignored_symbols, master.no_copy_prefix) == (["BTCUSDT", "ETHUSDT"], "nc_")
    entry = Entry.objects.get(action="trading.master.connect")
    assert (entry.actor_id, entry.facts["strategy"]) == (by.pk, strategy.slug)


def test_only_the_providers_own_or_an_owners_account_may_speak_and_staff_may_see_to_it() -> None:
    strategy = a_strategy().strategy
    provider, stranger = strategy.provider.user, a_person()
    owner, admin = a_person(Role.OWNER), a_person(Role.ADMIN)
    cases = [
        (an_account(stranger, keys=KEYS), stranger, MasterNotAllowed),
        (an_account(stranger, keys=KEYS), admin, MasterNotAllowed),
        (an_account(provider, keys=KEYS), stranger, MasterNotAllowed),
        (an_account(provider, keys=KEYS), a_person(Role.SUPPORT), MasterNotAllowed),
        (an_account(provider), provider, MasterUnfit),
        (an_account(provider, keys=KEYS, state="failing"), provider, MasterUnfit),
        (an_account(provider, keys=KEYS, venue="kraken"), provider, MasterUnfit),
        (an_account(owner, keys=KEYS), admin, None),
    ]
    for account, by, refusal in cases:
        if refusal is None:
            connect_master(strategy=strategy, account=account, by=by, now=now())
            continue
        with pytest.raises(refusal):
            connect_master(strategy=strategy, account=account, by=by, now=now())
    assert MasterAccount.objects.count() == 1


def test_a_strategy_has_one_master_and_an_account_one_strategy_until_it_is_disconnected() -> None:
    master = a_master()
    by = master.strategy.provider.user
    with pytest.raises(MasterTaken):
        connect_master(
            strategy=master.strategy, account=their_account(master.strategy), by=by, now=now()
        )
    change_master(master=master, change=Change.DISCONNECT, by=by, now=now())
    again = connect_master(strategy=master.strategy, account=master.account, by=by, now=now())
    assert again.pk != master.pk
    with pytest.raises(MasterWrongState):
        change_master(master=master, change=Change.RESUME, by=by, now=now())


def test_the_owner_agrees_to_the_text_in_force_and_taking_it_back_pauses_at_once() -> None:
    strategy = a_strategy().strategy
    account, by = their_account(strategy), strategy.provider.user
    kind = ConsentKind.MASTER_ACCOUNT
    publish_consent_text(kind=kind, bodies={"en": "Others copy you."}, now=now())
    with pytest.raises(MasterConsent):
        connect_master(strategy=strategy, account=account, by=by, now=now())
    give_consent(
        person=by, kind=kind, version=1, locale="en", address=None, user_agent="", now=now()
    )
    master = connect_master(strategy=strategy, account=account, by=by, now=now())
    assert master.consent_version == 1
    withdraw_consent(person=by, kind=kind, now=now())
    master.refresh_from_db()
    assert master.state == "paused"


def test_pausing_publishing_and_rules_are_audited_and_done_twice_are_done_once() -> None:
    master = a_master(preview=True)
    by = master.strategy.provider.user
    for change in (Change.PAUSE, Change.PAUSE, Change.PUBLISH):
        change_master(master=master, change=change, by=by, now=now(), reason="holiday")
    set_rules(master=master, rules=Rules(["dogeusdt"]), by=by)
    master.refresh_from_db()
    assert (master.state, master.preview) == ("paused", False)
    assert master.ignored_symbols == ["DOGEUSDT"]
    changes = Entry.objects.filter(action="trading.master.change").order_by("pk")
    assert [entry.facts["change"] for entry in changes] == ["pause", "pause", "publish"]
    assert Entry.objects.get(action="trading.master.rules").facts["ignored_symbols"] == ["DOGEUSDT"]


def test_a_longer_list_costs_the_console_no_more_queries(
    console: Client, django_assert_num_queries: Any
) -> None:
    lists = [
        reverse(f"admin:trading_{name}_changelist") for name in ("masteraccount", "mastermove")
    ]

    def open_both() -> None:
        for url in lists:
            assert console.get(url).status_code == 200

    _moved(a_master())
    open_both()  # what a process remembers after its first page
    with CaptureQueriesContext(connection) as few:
        open_both()
    for _ in range(4):
        _moved(a_master())
    with django_assert_num_queries(len(few)):
        open_both()


def _moved(master: MasterAccount) -> None:
    MasterMove.objects.create(
        master=master, state="ignored", code="master.funding", trade_id="1", at=now(),
        decided_at=now(),
    )  # fmt: skip


def test_the_console_connects_a_master_refuses_in_words_and_pauses(console: Client) -> None:
    strategy = a_strategy().strategy
    form = reverse("admin:trading_masteraccount_add")
    fields = {"strategy": strategy.pk, "no_copy_prefix": "nocopy", "ignored_symbols": "ethusdt"}
    page = console.post(form, {**fields, "account": an_account(keys=KEYS).pk}).content.decode()
    assert "may not speak for this strategy" in page
    mine = {**fields, "account": their_account(strategy).pk}
    assert console.post(form, mine).status_code == 302
    master = MasterAccount.objects.get()
    assert (master.ignored_symbols, master.preview) == (["ETHUSDT"], True)
    assert "already" in console.post(form, mine).content.decode()
    odd = console.post(form, {**mine, "ignored_symbols": "BTC/USDT"}).content.decode()
    assert "is not like BTCUSDT" in odd
    edit = reverse("admin:trading_masteraccount_change", args=[master.pk])
    assert console.post(edit, {"no_copy_prefix": "hush", "ignored_symbols": ""}).status_code == 302
    listed = reverse("admin:trading_masteraccount_changelist")
    console.post(listed, {"action": "resume", "_selected_action": [master.pk]})
    master.refresh_from_db()
    assert (master.no_copy_prefix, master.ignored_symbols) == ("hush", [])
    assert strategy.name in console.get(listed).content.decode()
