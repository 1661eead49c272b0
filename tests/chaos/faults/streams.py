"""What venues tell by themselves: doubled, disordered, missing, or news that nobody wished for."""

from __future__ import annotations

from typing import Any

from tests.chaos.faults.table import Fault
from tests.chaos.scene import Actor, Scene
from trading.models import AccountStream, CopySubscription, ExternalFill, Trade

_PATIENCE = 60.0


def live(scene: Scene, *actors: Actor) -> None:
    """Their streams are whole: what the venue says is heard."""
    ids = [actor.copy.account_id for actor in actors]
    whole = AccountStream.objects.filter(account_id__in=ids, state="live")
    scene.until(lambda: whole.count() == len(ids), "live streams", _PATIENCE)


def _break(scene: Scene, actor: Actor, **fault: Any) -> None:
    told = {"api_key": actor.keys.api_key, **fault}
    scene.venue.command("POST /_sim/inject", {"stream": told})


def _disordered(scene: Scene) -> None:
    """Opened and closed again while each account hears it another way."""
    ways = ({"action": "dup", "times": 3, "count": 0}, {"action": "reorder", "count": 3, "ms": 900},
            {"action": "delay", "count": 0, "ms": 1_500})  # fmt: skip
    actors = [scene.actor(listening=True) for _ in ways]
    live(scene, *actors)
    for actor, way in zip(actors, ways, strict=True):
        _break(scene, actor, **way)
    scene.signal()
    scene.settled(len(ways))
    scene.close()
    scene.settled(2 * len(ways))
    trades = Trade.objects.filter(account__in=[actor.copy.account for actor in actors])
    scene.until(lambda: trades.count() == len(ways), "a trade each", 20)
    for actor in actors:
        trade = trades.get(account=actor.copy.account)
        theirs = sum(each.realised for each in actor.account.trades)
        scene.expect(f"profit of {actor.account.name}", trade.profit, theirs)


def _gapped(scene: Scene) -> None:
    ways = ("drop", "silence", "expire", "disconnect", "freeze")
    actors = [scene.actor(listening=True) for _ in ways]
    live(scene, *actors)
    for actor, way in zip(actors, ways, strict=True):
        count = {"count": 5} if way == "drop" else {}
        _break(scene, actor, action=way, **count)
    scene.signal()
    scene.settled(len(ways))
    live(scene, *(actor for actor, way in zip(actors, ways, strict=True) if way != "silence"))
    for actor, way in zip(actors, ways, strict=True):
        stream = AccountStream.objects.get(account_id=actor.copy.account_id)
        scene.observe(f"{way}: breaks {stream.breaks}, backfills {stream.backfills}")


def _drifted(scene: Scene) -> None:
    """Each account's owner, or the venue, does something else; only that one is paused."""
    actors = {name: scene.actor(listening=True)
              for name in ("sound", "liquidated", "by hand", "hedged", "revoked")}  # fmt: skip
    poor = scene.actor(listening=True, balance="20")
    live(scene, *actors.values())
    scene.signal()
    scene.settled(len(actors))
    told = scene.receipts.get(subscription_id=poor.copy.pk)
    scene.expect("without margin", told.outcome in ("refused", "skipped"), True)
    scene.observe(f"without margin: {told.code}")
    keys = {name: actor.keys.api_key for name, actor in actors.items()}
    scene.venue.command("POST /_sim/liquidate", {"api_key": keys["liquidated"]})
    scene.by_hand(actors["by hand"], side="sell", quantity="0.041", reduce_only=True)
    scene.by_hand(actors["hedged"], side="sell", quantity="0.041", reduce_only=True)
    scene.venue.command("POST /_sim/accounts", [{"api_key": keys["hedged"], "hedge": True}])
    scene.by_hand(actors["hedged"], side="buy", quantity="0.010", position_side="long")
    scene.venue.command("POST /_sim/accounts", [{"api_key": keys["revoked"], "revoked": True}])
    seen = ExternalFill.objects.filter(account_id__in=[a.copy.account_id for a in actors.values()])
    scene.until(lambda: seen.count() >= 4, "trades of others", _PATIENCE)
    for name in ("liquidated", "hedged"):
        scene.until(lambda name=name: _status(actors[name]) == "paused", f"{name} paused", 40)  # type: ignore[misc]
    scene.signal(direction="long")
    scene.until(lambda: actors["sound"].orders.count() == 2, "the next order of the sound one", 40)
    scene.until(lambda: actors["revoked"].orders.filter(code="venue.auth"), "refused keys", 40)
    scene.until(lambda: _status(actors["revoked"]) == "paused", "revoked paused", 40)
    scene.settled(actors["sound"].orders.count())
    for name, actor in actors.items():
        scene.observe(f"{name}: copy {_status(actor)}, {actor.orders.count()} orders")
    scene.expect("orders of the liquidated", actors["liquidated"].orders.count(), 1)
    scene.expect("orders of the hedged", actors["hedged"].orders.count(), 1)


def _status(actor: Actor) -> str:
    return CopySubscription.objects.values_list("status", flat=True).get(pk=actor.copy.pk)


FAULTS = (
    Fault(9, "news doubled and disordered", "user stream: three times each, last first, 1.5 s late",
          _disordered),
    Fault(10, "stream gap", "user stream: lost messages, silence, expired key, closed, frozen",
          _gapped),
    Fault(21, "account drift", "liquidation, own close, hedge mode, revoked key, no margin",
          _drifted),
)  # fmt: skip
