"""The world of the API's stories, and its owner's browser."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.api.cast import World, a_world


@pytest.fixture
def world(db: None) -> World:
    return a_world()


@pytest.fixture
def client(world: World) -> Client:
    """In place of pytest-django's: the owner is signed in."""
    return world.owner.browser
