"""Liveness, readiness, version and metrics."""

from __future__ import annotations

from datetime import timedelta
from urllib.request import urlopen

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

import mimic.celery  # noqa: F401  (the broker check asks through its app)
from mimic.ops import exporter, health, heartbeat

pytestmark = pytest.mark.urls("tests.core.urls")


@pytest.fixture
def _only_sentinel(monkeypatch: pytest.MonkeyPatch) -> None:
    """One expected process, whatever the apps have registered."""
    monkeypatch.setattr(heartbeat, "_expected", {})
    heartbeat.expect_heartbeat("sentinel", within=timedelta(seconds=15))


@pytest.fixture
def _nothing_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_expected", {})


def test_a_living_process_asks_nobody() -> None:
    assert Client().get("/health/live").json() == {"status": "alive"}


@pytest.mark.django_db
@pytest.mark.usefixtures("_nothing_expected")
def test_a_complete_platform_is_ready() -> None:
    answer = Client().get("/health/ready")
    assert answer.status_code == 200, answer.content
    assert {"database", "migrations", "redis", "broker", "heartbeats"} <= set(
        answer.json()["checks"]
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("_only_sentinel")
def test_a_silent_process_makes_it_not_ready_until_it_beats_again() -> None:
    now = timezone.now()
    heartbeat.beat(name="sentinel", now=now - timedelta(minutes=1))
    problem = Client().get("/health/ready").json()
    assert (problem["status"], problem["code"]) == (503, "not_ready")
    assert problem["errors"] == [
        {"pointer": "/heartbeats", "code": "heartbeats_failed", "detail": "silent: sentinel"}
    ]
    heartbeat.beat(name="sentinel", now=now)
    assert Client().get("/health").status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("_nothing_expected")
def test_redis_away_is_named_without_its_address(settings: Settings) -> None:
    settings.REDIS_URL = "redis://:hushhush@127.0.0.1:1/0"
    answer = Client().get("/health/ready")
    assert answer.status_code == 503
    assert "/redis" in {each["pointer"] for each in answer.json()["errors"]}
    assert "hushhush" not in answer.content.decode()


def test_a_check_that_an_upper_layer_adds_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(now: object) -> None:
        raise health.CheckFailed("the venue is away")

    monkeypatch.setattr(health, "_checks", {})
    health.register_check("venue", check)
    with pytest.raises(health.NotReady) as caught:
        health.check_readiness(timezone.now())
    assert caught.value.errors[0]["detail"] == "the venue is away"


def test_the_version_is_told(settings: Settings) -> None:
    settings.APP_VERSION, settings.GIT_SHA = "1.2.3", "abc"
    assert Client().get("/version").json().items() >= {"version": "1.2.3", "git_sha": "abc"}.items()


def test_metrics_are_for_listed_networks_only() -> None:
    assert b"mimic_fanout_seconds" in Client().get("/metrics").content
    assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 403


def test_an_unknown_proxy_beside_us_does_not_open_the_metrics() -> None:
    answer = Client().get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert answer.status_code == 403


def test_a_token_opens_the_metrics_from_anywhere(settings: Settings) -> None:
    settings.METRICS_TOKEN = "t0ken"
    stranger = Client(REMOTE_ADDR="203.0.113.9")
    assert stranger.get("/metrics", headers={"Authorization": "Bearer t0ken"}).status_code == 200
    assert stranger.get("/metrics", headers={"Authorization": "Bearer other"}).status_code == 403


def test_a_worker_exports_its_own_figures(unused_tcp_port: int) -> None:
    exporter.start_exporter(unused_tcp_port)
    with urlopen(f"http://127.0.0.1:{unused_tcp_port}/metrics") as answer:
        assert b"mimic_orders_total" in answer.read()
