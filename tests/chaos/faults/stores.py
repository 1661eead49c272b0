"""Redis and Postgres go away and come back."""

from __future__ import annotations

import signal
import time

from mimic.core.redis_clients import asking
from tests.chaos.faults.table import Fault
from tests.chaos.faults.wire import AFTER
from tests.chaos.scene import Scene

_CROWD = 4
_AWAY = 6.0  # seconds: longer than opens wait without their budgets


def _redis(scene: Scene) -> None:
    actors = scene.crowd(_CROWD)
    scene.workers.signal("worker", signal.SIGSTOP)
    for _ in range(2):
        scene.signal()
    asking().flushall()
    scene.workers.signal("worker", signal.SIGCONT)
    scene.settled(2 * _CROWD)
    scene.expect("after FLUSHALL", scene.orders.filter(status="filled").count(), 2 * _CROWD)
    scene.servers.valkey.stop()
    opened = scene.signal(nudged=False)
    closed = scene.close(nudged=False)
    time.sleep(_AWAY)
    flat = [actor.account.position("BTCUSDT", "BOTH").amount for actor in actors]
    scene.servers.valkey.start()
    scene.settled(2 * _CROWD)
    scene.until(lambda: scene.receipts.filter(signal=closed).count() == _CROWD, "the closes", 40)
    scene.observe(f"held after {_AWAY:.0f} s without Redis: {[str(each) for each in flat]}")
    codes = set(scene.receipts.filter(signal=opened).values_list("code", flat=True))
    scene.observe(f"opens without Redis ended as {sorted(codes)}")
    scene.signal()
    scene.settled(scene.orders.count() + 1)
    last = scene.receipts.filter(signal=scene.signals[-1])
    scene.expect("afterwards", set(last.values_list("outcome", flat=True)), {"executed"})


def _postgres(scene: Scene) -> None:
    """Killed while answers are on their way, then while a signal is being decided."""
    actors = scene.crowd(_CROWD)
    for actor in actors:
        scene.inject(actor, action="delay", when=AFTER, ms=2_000)
    scene.signal()
    scene.until(lambda: all(scene.accepted(each) for each in actors), "accepted orders", 30)
    _crash(scene)
    scene.settled(_CROWD, 90)
    scene.observe("answers that came while the database was away were not lost")
    scene.signal()
    _crash(scene)
    scene.settled(2 * _CROWD, 90)
    scene.expect("states", set(scene.orders.values_list("status", flat=True)), {"filled"})


def _crash(scene: Scene) -> None:
    scene.servers.kill_postgres()
    time.sleep(1.0)
    scene.servers.postgres.start()
    scene.until(lambda: scene.orders.exists() or True, "the database", 30)


FAULTS = (
    Fault(14, "Redis lost", "FLUSHALL with jobs queued; stopped for 6 s with an open and a close, "
          "and started empty", _redis, alone=True),
    Fault(15, "Postgres fails over", "immediate shutdown with answers on their way, and again with "
          "a signal just published", _postgres, alone=True),
)  # fmt: skip
