"""An unsafe environment stops the start, and one message names all that is wrong with it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from mimic.settings.environment import UnsafeConfiguration, read

HERE = Path(__file__).parent
KEY = base64.b64encode(bytes(range(32))).decode()
SAFE = {
    "APP_ENV": "production",
    "APP_VERSION": "1.0.0",
    "GIT_SHA": "0123abc",
    "SITE_URL": "https://mimic.example",
    "ALLOWED_HOSTS": "mimic.example",
    "SECRET_KEY": "s" * 50,
    "TOKEN_PEPPER": "p" * 50,
    "DATABASE_URL": "postgresql://mimic:canary-password@db/mimic",
    "REDIS_URL": "redis://:canary-password@redis/0",
    "SIGNER_PUBLIC_KEY": KEY,
    "MIMIC_INSTANCE": "prod",
}


def test_a_safe_production_starts() -> None:
    found = read(SAFE, HERE)
    assert (found.production, found.debug, found.master_keys) == (True, False, ())


def test_development_starts_with_nothing_at_all() -> None:
    assert read({}, HERE).app_env == "development"


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_every_problem_is_named_at_once(environment: str) -> None:
    wrong = {
        "APP_ENV": environment,
        "DEBUG": "true",
        "SECRET_KEY": "short",
        "ALLOWED_HOSTS": "*",
        "SITE_URL": "http://mimic.example",
        "DATABASE_URL": "mysql://db",
        "REDIS_URL": "http://redis",
        "MASTER_KEYS": "too-short",
        "TRUSTED_PROXIES": "not-a-network",
        "WORKER_METRICS_PORT": "many",
        "MIMIC_EGRESS": "not a name",
        "BUDGET_RESERVE_PCT": "95",
        "MIMIC_VENUE_URLS": '{"binanceusdm": "http://127.0.0.1:1"}',
    }
    with pytest.raises(UnsafeConfiguration) as refusal:
        read(wrong, HERE)
    text = str(refusal.value)
    for name in (*wrong, "TOKEN_PEPPER", "APP_VERSION", "GIT_SHA", "SIGNER_PUBLIC_KEY",
                 "MIMIC_INSTANCE"):  # fmt: skip
        assert name in text or name == "APP_ENV", name


@pytest.mark.parametrize("name", sorted(set(SAFE) - {"APP_ENV"}))
def test_nothing_that_production_needs_may_be_missing(name: str) -> None:
    with pytest.raises(UnsafeConfiguration, match=name):
        read({key: text for key, text in SAFE.items() if key != name}, HERE)


def test_the_development_secret_is_refused_in_production() -> None:
    secret = read({}, HERE).secret_key
    with pytest.raises(UnsafeConfiguration, match="SECRET_KEY"):
        read({**SAFE, "SECRET_KEY": secret}, HERE)


def test_simulated_venues_in_production_must_be_meant() -> None:
    simulated = {**SAFE, "MIMIC_VENUE_URLS": '{"binanceusdm": "http://127.0.0.1:1"}'}
    with pytest.raises(UnsafeConfiguration, match="MIMIC_VENUE_URLS"):
        read(simulated, HERE)
    assert read({**simulated, "MIMIC_ALLOW_VENUE_URLS": "true"}, HERE).venue_urls


def test_a_checkpoint_for_chaos_is_refused_in_production() -> None:
    with pytest.raises(UnsafeConfiguration, match="CHECKPOINT"):
        read({**SAFE, "CHECKPOINT": "sending"}, HERE)


@pytest.mark.parametrize(("seconds", "where"), [("5", {}), ("29", SAFE)])
def test_a_lease_too_short_for_its_place_is_refused(seconds: str, where: dict[str, str]) -> None:
    with pytest.raises(UnsafeConfiguration, match="LEASE_SECONDS"):
        read({**where, "LEASE_SECONDS": seconds}, HERE)


def test_no_secret_is_in_the_repr() -> None:
    shown = repr(read({**SAFE, "MASTER_KEYS": KEY}, HERE))
    assert "canary-password" not in shown
    assert "s" * 50 not in shown
    assert "MASTER" not in shown.upper()
