"""The oracles notice what they are there for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.cast import VENUE, a_market, a_quote
from tests.chaos.oracles import judge
from tests.chaos.scene import Actor, Scene
from tests.chaos.servers import Servers
from tests.chaos.workers import Workers
from tests.execution.news_cast import an_order
from trading.models import Order

pytestmark = pytest.mark.django_db(transaction=True)
JUDGED = {"O1", "O2", "O3", "O4", "O7", "O8"}


@pytest.fixture
def scene(tmp_path: Path, settings: LazySettings) -> Iterator[Scene]:
    """A stage without processes: what happens on it is made up."""
    a_market()
    a_quote()
    servers = Servers(tmp_path)
    logs = tmp_path / "logs"
    logs.mkdir()
    with servers.venue.run_in_thread():
        settings.VENUE_URLS = {VENUE: servers.venue.base_url}
        yield Scene(servers, Workers({"MASTER_KEYS": "master"}, logs))


@pytest.fixture
def actor(scene: Scene) -> Actor:
    return scene.actor()


def _broken(scene: Scene) -> set[str]:
    verdicts, _ = judge(scene)
    assert {name for name, held in verdicts.items() if held is not None} == JUDGED
    return {name for name, held in verdicts.items() if held is False}


def test_where_nothing_happened_everything_holds(scene: Scene, actor: Actor) -> None:
    assert _broken(scene) == set()


def _stranger(scene: Scene, actor: Actor) -> None:
    scene.by_hand(actor, side="buy", quantity="0.010")


def _twice(scene: Scene, actor: Actor) -> None:
    for _ in range(2):
        scene.by_hand(actor, side="buy", quantity="0.010", name="same")
    scene.by_hands.clear()


def _unanswered(scene: Scene, actor: Actor) -> None:
    scene.signal(nudged=False)


def _never_over(scene: Scene, actor: Actor) -> None:
    an_order(actor.copy.account, copy=actor.copy, status="unknown")


def _talkative(scene: Scene, actor: Actor) -> None:
    (scene.workers.logs / "worker.log").write_text(f"sent with {actor.keys.secret}\n")


def _restless(scene: Scene, actor: Actor) -> None:
    an_order(actor.copy.account, copy=actor.copy)
    Order.objects.update(status="expired", closed_at=scene.now(), attempts=7)


def _banned(scene: Scene, actor: Actor) -> None:
    scene.venue.venue.limits.charge("127.0.0.1", 1, 0)
    scene.venue.venue.limits.addresses["127.0.0.1"].bans = 1


NOTICED: dict[Callable[[Scene, Actor], None], set[str]] = {
    _stranger: {"O3", "O4"},
    _twice: {"O1", "O3", "O4"},
    _unanswered: {"O2"},
    _never_over: {"O2"},
    _talkative: {"O7"},
    _restless: {"O8"},
    _banned: {"O8"},
}


@pytest.mark.parametrize("happens", NOTICED, ids=lambda happens: happens.__name__)
def test_what_must_not_be_is_noticed(
    scene: Scene, actor: Actor, happens: Callable[[Scene, Actor], None]
) -> None:
    happens(scene, actor)
    assert _broken(scene) == NOTICED[happens]
