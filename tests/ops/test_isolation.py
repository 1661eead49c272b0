from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TransactionTestCase

from mimic.ops.embedded.valkey import Valkey


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_writes_is_rolled_back(turn: int) -> None:
    assert Group.objects.count() == 0
    Group.objects.create(name=f"turn {turn}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_commits_is_flushed(turn: int) -> None:
    assert Group.objects.count() == 0
    Group.objects.create(name=f"turn {turn}")
    with psycopg.connect(os.environ["DATABASE_URL"]) as another_process:
        row = another_process.execute("SELECT name FROM auth_group").fetchone()
    assert row == (f"turn {turn}",)


class AfterAFlush(TransactionTestCase):
    def test_what_migrations_made_for_every_model_is_there_again(self) -> None:
        assert ContentType.objects.filter(app_label="auth", model="group").exists()


@pytest.mark.django_db
def test_tests_use_a_database_of_their_own() -> None:
    assert connection.settings_dict["NAME"].startswith("test_")
    assert settings.DATABASES["default"]["NAME"] == connection.settings_dict["NAME"]


@pytest.mark.django_db(transaction=True)
def test_a_process_that_a_test_starts_sees_its_database() -> None:
    Group.objects.create(name="seen")
    script = (
        "import os, psycopg; c = psycopg.connect(os.environ['DATABASE_URL']);"
        "print(c.execute('SELECT name FROM auth_group').fetchone()[0])"
    )
    argv = [sys.executable, "-c", script]
    assert subprocess.check_output(argv, text=True).strip() == "seen"


@pytest.mark.parametrize("turn", [1, 2])
def test_redis_is_empty_at_first(turn: int, redis_server: redis.Redis) -> None:
    assert redis_server.dbsize() == 0
    redis_server.set("turn", turn)


@pytest.mark.chaos
def test_a_test_may_stop_its_redis(valkey: Valkey) -> None:
    valkey.stop()
    with (
        redis.Redis.from_url(os.environ["REDIS_URL"]) as client,
        pytest.raises(redis.ConnectionError),
    ):
        client.ping()


def test_the_next_test_has_it_back(redis_server: redis.Redis) -> None:
    assert redis_server.ping()
