"""Who is kept out by address: by an operator's word, or for being refused too often."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.address_gate import AddressGate, guard_addresses
from accounts.models import AddressRule, User
from accounts.services.addresses import (
    FIRST,
    LONGEST,
    REFUSALS,
    REMEMBERED,
    Rules,
    note_refusals,
    rules_in_force,
    sweep_address_rules,
)
from mimic.audit.models import Entry
from tests.console.cast import console, operator, sign_in

__all__ = ["console", "operator", "sign_in"]
pytestmark = pytest.mark.security(7)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GUEST, FLOOD = "192.0.3.7", "198.51.99.7"
MANY = {FLOOD: REFUSALS.most}


class House:
    """What is behind the gate: answers ``status``; keeps what the gate told of refusals."""

    def __init__(self, rules: Rules) -> None:
        self.rules, self.status = rules, 200
        self.told: list[Mapping[str, int]] = []
        gate = AddressGate(self._exchange)
        self.door = guard_addresses(self._answer, lambda: gate)
        self.gate = gate

    def _exchange(self, refusals: Mapping[str, int], _now: datetime) -> Rules:
        self.told.append(refusals)
        return self.rules

    async def _answer(self, _scope: dict[str, Any], _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})

    async def ask(self, address: str, path: str = "/", kind: str = "http") -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": kind, "path": path, "headers": [], "client": (address, 1)}
        await self.door(scope, None, send)  # type: ignore[arg-type]
        return sent


def _out(*networks: str, allowed: tuple[str, ...] = ()) -> Rules:
    soon = datetime.now(UTC) + timedelta(minutes=10)
    wide = tuple((ip_network(each), soon) for each in networks)
    return Rules({f"{FLOOD}/32": soon}, wide, tuple(ip_network(each) for each in allowed))


async def test_who_is_kept_out_is_told_so_before_anything_is_asked() -> None:
    house = House(_out("198.51.0.0/16", "2001:db8:1::/48", allowed=("198.51.99.0/30",)))
    for address in ("198.51.0.1", "2001:db8:1:2::3", FLOOD):
        start, body = await house.ask(address, "/api/v1/me")
        assert (start["status"], json.loads(body["body"])["code"]) == (403, "address.blocked")
        headers = dict(start["headers"])
        assert 590 <= int(headers[b"retry-after"]) <= 600
        assert b"x-request-id" in headers
    _start, page = await house.ask(FLOOD, "/accounts/login/")
    assert page["body"] == b"Nothing is answered to this address for now"
    assert await house.ask(FLOOD, "/ws/", "websocket") == [
        {"type": "websocket.close", "code": 4403}
    ]
    for address in (GUEST, "198.51.99.2", ""):
        assert (await house.ask(address))[0]["status"] == 200
    assert (await house.ask(FLOOD, "/webhook/x"))[0]["status"] == 200, "alerts have their own"


async def test_refusals_are_counted_by_neighbourhood_and_told_with_the_next_reading() -> None:
    house = House(Rules())
    await house.ask(GUEST)
    house.status = 429
    for address in (GUEST, "2001:db8::1", "2001:db8::2"):
        await house.ask(address)
    await house.ask(GUEST, "/webhook/x")
    await house.gate._read()
    assert house.told == [{}, {GUEST: 1, "2001:db8::/64": 2}]


@pytest.mark.django_db
def test_each_time_is_twice_as_long_up_to_a_day_and_is_forgotten_after_one() -> None:
    spans, now = [], NOW
    for _ in range(9):
        note_refusals(MANY, now=now)
        note_refusals(MANY, now=now)  # kept out already: nothing is added
        until = rules_in_force(now).out_until(FLOOD, now)
        assert until is not None
        spans.append(until - now)
        now = until
    assert spans == [min(FIRST * 2**n, LONGEST) for n in range(9)]
    facts = Entry.objects.filter(action="accounts.address.block").latest("pk").facts
    assert facts == {"minutes": 24 * 60}
    later = now + REMEMBERED + timedelta(seconds=1)
    assert rules_in_force(later).out_until(FLOOD, later) is None
    assert sweep_address_rules(later) == len(spans)


@pytest.mark.django_db
def test_few_refusals_inner_addresses_and_allowed_ones_are_let_in() -> None:
    inner = dict.fromkeys(("10.0.0.1", "127.0.0.1", "fd00::/64", ""), REFUSALS.most)
    note_refusals({**inner, GUEST: REFUSALS.most - 1}, now=NOW)
    assert not AddressRule.objects.exists()
    note_refusals({GUEST: 1, **MANY}, now=NOW)
    assert rules_in_force(NOW).out_until(GUEST, NOW) is not None, "together they are enough"
    AddressRule.objects.create(network="198.51.99.0/24", kind="allow", reason="Our office.")
    assert rules_in_force(NOW).out_until(FLOOD, NOW) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"network": "203.0.113.0/24"}, ""),
        ({"network": "2001:db8::/32", "kind": "allow"}, ""),
        ({"network": "127.0.0.1"}, "yourself"),
        ({"network": "127.0.0.1", "kind": "allow"}, ""),
        ({"network": "0.0.0.0/0"}, "too much"),
        ({"network": "203.0.113.9/24"}, "host bits"),
        ({"network": "203.0.113.9", "until_0": "2020-01-01", "until_1": "00:00"}, "over already"),
    ],
)
def test_operators_make_rules_but_not_against_themselves(
    console: Client, operator: tuple[User, str], given: dict[str, str], wrong: str
) -> None:
    form = {"kind": "block", "reason": "They scan us.", **given}
    answer = console.post(reverse("admin:accounts_addressrule_add"), form)
    assert answer.status_code == (200 if wrong else 302)
    assert AddressRule.objects.count() == (0 if wrong else 1)
    if wrong:
        assert wrong in answer.text
        return
    rule = AddressRule.objects.get()
    assert rule.network == str(ip_network(given["network"]))
    assert Entry.objects.latest("pk").action == "console.add"
    assert rule.network in console.get(reverse("admin:accounts_addressrule_changelist")).text
    console.post(reverse("admin:accounts_addressrule_delete", args=[rule.pk]), {"post": "yes"})
    assert not AddressRule.objects.exists()
    assert Entry.objects.latest("pk").action == "console.delete"
