"""Secrets that were planted everywhere they go in are found nowhere they could come out.

One story with canaries for secrets: a trader signs in, connects an account, makes an API key, sends
alerts, and things break on the way. Then every sink is searched, for the canaries as they are, in
base64 and in hex: log lines, pages, the broker's messages, the cache and all else in Redis,
metrics, and every row of the database.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pyotp
import pytest
import redis
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import User
from accounts.services import enrol_totp
from mimic.core.tokens import digest_of
from mimic.jobs.nudges import publisher
from mimic.jobs.registry import QUEUES
from mimic.ops.exporter import exposition
from tests.cast import VENUE, a_market, a_person, a_quote, a_strategy
from tests.codes import code_of
from tests.core.conftest import Lines, log_lines
from tests.web.accounts_cast import checked, stock_venues
from trading.domain.keys import KeyReport
from trading.execution.egress import save_egress
from trading.models import Egress, ExchangeAccount

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.security(26)]
__all__ = ["log_lines"]
JSON = "application/json"


class Canaries(dict[str, str]):
    """By what they stand for; each is made for this run alone."""

    def plant(self, name: str) -> str:
        self[name] = f"canary{secrets.token_hex(12)}"
        return self[name]

    def found_in(self, text: str) -> list[str]:
        return sorted(
            name for name, secret in self.items() if any(form in text for form in _forms(secret))
        )


def _forms(secret: str) -> tuple[str, ...]:
    raw = secret.encode()
    return secret, base64.b64encode(raw).decode().rstrip("="), raw.hex()


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
def pages(canaries: Canaries, log_lines: Lines) -> list[str]:
    """The story; every answer of ours, but the one that shows a new API key once."""
    a_market()
    a_quote()
    stock_venues()
    with override_settings(
        ROOT_URLCONF="tests.security.urls", WEBHOOK_PASSPHRASE=canaries.plant("platform passphrase")
    ):
        told = [*_signs_in(canaries), *_connects(canaries), *_alerts(canaries), *_breaks(canaries)]
    _proxies(canaries)
    publisher.flush(5.0)
    return told


def _signs_in(canaries: Canaries) -> Iterator[str]:
    person = a_person(password=canaries.plant("password"))
    browser = Client(raise_request_exception=False)
    wrong = {"login": person.email, "password": canaries.plant("mistyped password")}
    yield browser.post(reverse("account_login"), wrong).text
    right = {"login": person.email, "password": canaries["password"]}
    yield browser.post(reverse("account_login"), right).text
    told = browser.post(
        "/api/v1/auth/login",
        {"email": person.email, "password": canaries["password"], "program": "bot"},
        content_type=JSON,
    ).json()
    canaries["access token"] = told["access_token"]
    canaries["refresh token"] = told["refresh_token"]
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    yield browser.get("/api/v1/me", headers=bearer).text
    yield browser.get(
        "/api/v1/me", headers={"Authorization": f"Bearer {told['access_token']}x"}
    ).text


def _connects(canaries: Canaries) -> Iterator[str]:
    person, browser = a_person(), Client(raise_request_exception=False)
    canaries["app's secret"] = enrol_totp(user=person)
    browser.force_login(person)
    keys = {name: canaries.plant(name) for name in ("api_key", "secret")}
    url = reverse("exchange-account-connect", args=[VENUE])
    yield browser.post(url, {"label": "A", "code": _code(canaries, -1), **keys}).text
    body = {"venue": VENUE, "label": "B", **keys}
    headers = {"Idempotency-Key": str(uuid4()), "X-Second-Factor": _code(canaries, 0)}
    yield browser.post("/api/v1/exchanges", body, content_type=JSON, headers=headers).text
    for account in ExchangeAccount.objects.filter(user=person):
        checked(account, KeyReport(refused="-2015", message="Invalid API-key, IP, or permissions"))
    yield browser.get(reverse("exchange-accounts")).text
    made = browser.post(
        "/api/v1/api-keys", {"name": "bot", "scopes": ["trading:read"]}, content_type=JSON,
        headers={"Idempotency-Key": str(uuid4()), "X-Second-Factor": _code(canaries, 1)},
    ).json()  # fmt: skip
    canaries["API key"] = made["secret"]
    for header in (made["secret"], f"{made['secret']}x"):
        yield browser.get("/api/v1/trades", headers={"X-Api-Key": header}).text
    yield browser.get("/api/v1/api-keys").text
    yield browser.post(url, {"label": "C", "code": "000000", **keys}).text
    assert ExchangeAccount.objects.filter(user=person).count() == 2


def _code(canaries: Canaries, offset: int) -> str:
    return code_of(pyotp.TOTP(canaries["app's secret"]), offset)


def _alerts(canaries: Canaries) -> Iterator[str]:
    published = a_strategy(passphrase_digest=digest_of(canaries.plant("passphrase")))
    canaries["webhook token"] = published.token
    sender = Client(raise_request_exception=False)
    for path, word in (
        (f"/webhook/{published.token}", "passphrase"),
        ("/webhook", "passphrase"),
        ("/webhook", "platform passphrase"),
        (f"/webhook/{published.token}", "webhook token"),
        (f"/webhook/{canaries.plant('mistyped token')}", "passphrase"),
    ):
        alert = {"symbol": "BTCUSDT", "action": "long", "passphrase": canaries[word]}
        yield sender.post(path, alert, content_type=JSON).text
        yield sender.post(path, f"{alert}", content_type="text/plain").text


def _breaks(canaries: Canaries) -> Iterator[str]:
    """A bug, with every secret in its hands."""
    browser = Client(raise_request_exception=False)
    form = {"password": canaries["password"], "secret": canaries["secret"]}
    yield browser.post(f"/broken/x?token={canaries['webhook token']}", form).text
    yield browser.post(f"/webhook/{canaries['webhook token']}/broken", form).text


def _proxies(canaries: Canaries) -> None:
    url = f"http://user:{canaries.plant('proxy password')}@proxy.example:3128"
    save_egress(egress=Egress(name="one"), url=url)


def test_no_planted_secret_comes_out_anywhere(
    canaries: Canaries,
    pages: list[str],
    redis_server: redis.Redis,
    log_lines: Lines,
) -> None:
    assert len(canaries) == 13
    sinks = {
        "pages": "\n".join(pages),
        "logs": str(log_lines()),
        "redis": "\n".join(_everything_in(redis_server)),
        "metrics": exposition().decode(),
        "database": "\n".join(_every_row()),
    }
    for name, text in sinks.items():
        assert text, f"nothing in {name}: was it read?"
        assert canaries.found_in(text) == [], name
    assert "/webhook/" in sinks["logs"]
    assert "trading.check_account" in sinks["redis"], "the broker's messages were read"
    assert User._meta.db_table in sinks["database"]


def _everything_in(server: redis.Redis) -> Iterator[str]:
    """Keys and values, whatever they are."""
    reads: dict[Any, Any] = {
        b"string": server.get,
        b"list": lambda key: server.lrange(key, 0, -1),
        b"set": server.smembers,
        b"hash": server.hgetall,
        b"zset": lambda key: server.zrange(key, 0, -1, withscores=True),
        b"stream": server.xrange,
    }
    for key in server.scan_iter():
        yield f"{key!r} {reads[server.type(key)](key)!r}"
        if key.decode() in QUEUES:
            yield from map(_body_of, server.lrange(key, 0, -1))


def _body_of(message: Any) -> str:
    """That of a job's message is base64 within JSON."""
    return base64.b64decode(json.loads(message)["body"]).decode()


def _every_row() -> Iterator[str]:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            for (row,) in cursor.fetchall():
                yield f"{table} {row}"
