"""People with browsers, and channels for the tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from mimic.web import live_channels
from mimic.web.live_channels import register_channel
from tests.web.serving import web_process


def person(**fields: Any) -> Any:
    email = f"{uuid4().hex}@example.org"
    return get_user_model().objects.create_user(email=email, password="a long passphrase", **fields)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def port(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A web process with a public, a private, a staff and a family of channels."""
    monkeypatch.setattr(live_channels, "_channels", dict(live_channels._channels))
    register_channel("shouts", public=True)
    register_channel("whispers", public=False, snapshot=lambda user, name: {"of": user.pk})
    register_channel("backstage", public=False, staff=True)
    register_channel("prices:", public=True, snapshot=lambda user, name: {"name": name})
    with web_process() as number:
        yield number
