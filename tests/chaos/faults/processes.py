"""Workers that die, stall, come twice, or are replaced while orders are out."""

from __future__ import annotations

import base64
import secrets
import signal
import time
from pathlib import Path

from mimic.jobs.enqueue import enqueue
from tests.chaos.faults.table import Fault
from tests.chaos.faults.wire import AFTER, BEFORE
from tests.chaos.scene import Scene
from tests.chaos.servers import LEASE
from trading.copying.fanout import JOB
from trading.execution import nudge

_CROWD = 3
_WAKES_AFTER = 2 * LEASE + 4  # a stall of two leases, and some


def _victim(scene: Scene, place: str, seconds: float = 60.0) -> Path:
    """A worker in the others' stead that will stop at ``place``; the file says when it has."""
    reached = scene.workers.logs.parent / "reached"
    reached.unlink(missing_ok=True)
    scene.workers.kill("worker")
    scene.workers.start(
        "worker",
        CHECKPOINT=place,
        CHECKPOINT_FILE=str(reached),
        CHECKPOINT_SECONDS=str(seconds),
    )
    scene.ready("worker")
    return reached


def _killed(scene: Scene) -> None:
    """One signal a place; whoever comes next finds all of them as they were left."""
    for place in ("deciding", "decided", "sending", "answered", "sending:2"):
        part = scene.another()
        part.crowd(_CROWD)
        reached = _victim(part, place)
        part.signal()
        part.until(reached.exists, f"checkpoint {place}", 40)
        scene.workers.kill("worker")
        scene.observe(f"killed at {place}: {part.stand()}")
        scene.take_in(part)
    scene.take_in(_killed_between_acceptance_and_answer(scene.another()))
    scene.workers.ensure("worker")
    started = time.monotonic()
    scene.settled(len(scene.actors), 90)
    scene.observe(f"all over {time.monotonic() - started:.0f} s after the last death")
    scene.expect("states", set(scene.orders.values_list("status", flat=True)), {"filled"})


def _killed_between_acceptance_and_answer(part: Scene) -> Scene:
    part.workers.ensure("worker")
    part.ready("worker")
    actor = part.actor()
    part.inject(actor, action="delay", when=AFTER, ms=20_000)
    part.signal()
    part.until(lambda: part.accepted(actor), "an accepted order", 40)
    part.workers.kill("worker")
    return part


def _zombie(scene: Scene) -> None:
    """It has made sure that it may send, and wakes up when others have long taken over."""
    actor = scene.actor()
    reached = _victim(scene, "sending", 0.2)
    scene.signal()
    scene.until(reached.exists, "the checkpoint", 40)
    scene.workers.signal("worker", signal.SIGSTOP)
    scene.workers.start("second")
    started = time.monotonic()
    scene.settled(1, 60)
    time.sleep(max(0.0, _WAKES_AFTER - (time.monotonic() - started)))
    scene.workers.signal("worker", signal.SIGCONT)
    time.sleep(4.0)
    scene.workers.kill("second")
    scene.expect("attempts that left", scene.outcomes(actor), ["not_placed", "confirmed"])
    scene.expect("accepted by the venue", scene.accepted(actor), 1)
    late = [each.outcome for each in list(scene.venue.venue.ledger.attempts)
            if each.account == actor.account.name]  # fmt: skip
    scene.observe(f"what the venue said of each arrival: {late}")


def _redelivered(scene: Scene) -> None:
    """Two workers, every job many times over, while answers take their time."""
    scene.workers.start("second")
    scene.ready("second")
    actors = scene.crowd(_CROWD)
    for actor in actors:
        scene.inject(actor, action="delay", when=BEFORE, ms=1_500)
    signal_row = scene.signal(nudged=False)
    for _ in range(4):
        enqueue(JOB, signal_ids=[signal_row.pk])
        enqueue(nudge.JOB, route=actors[0].copy.account.route, closing=0)
        time.sleep(0.3)
    scene.settled(_CROWD)
    scene.workers.retire("second")
    scene.expect("posted", [len(scene.posted(each)) for each in actors], [1] * _CROWD)
    scene.expect("receipts", scene.receipts.count(), _CROWD)


def _deployed(scene: Scene) -> None:
    """Everything is replaced while answers are missing; the new processes have a new key too."""
    actors = scene.crowd(_CROWD)
    scene.inject(actors[0], action="rst", when=AFTER)
    scene.inject(actors[1], action="rst", when=BEFORE)
    scene.inject(actors[2], action="silent", when=AFTER)
    scene.signal()
    scene.until(lambda: scene.orders.filter(status="unknown").count() == 2, "two unknown", 30)
    keys = scene.workers.environment["MASTER_KEYS"]
    newest = base64.b64encode(secrets.token_bytes(32)).decode()
    scene.workers.environment["MASTER_KEYS"] = f"{newest},{keys}"
    started = time.monotonic()
    for name in ("worker", "sentinel", "stream"):
        scene.workers.retire(name)
        scene.workers.start(name)
    scene.observe(f"replaced within {time.monotonic() - started:.0f} s")
    scene.settled(_CROWD)
    scene.expect("states", set(scene.orders.values_list("status", flat=True)), {"filled"})
    scene.close()
    scene.settled(2 * _CROWD)
    scene.expect("held", [str(each.account.position("BTCUSDT", "BOTH").amount.normalize())
                          for each in actors], ["0"] * _CROWD)  # fmt: skip


FAULTS = (
    Fault(11, "worker killed at each checkpoint",
          "SIGKILL while deciding, after the decision's commit, before a POST, after acceptance, "
          "after an answer, between two POSTs", _killed, alone=True),
    Fault(12, "worker stalls and wakes late", "SIGSTOP right before a POST for two leases, another "
          "worker takes over, SIGCONT", _zombie, alone=True),
    Fault(13, "broker delivers again", "each job four times, to two workers", _redelivered,
          alone=True),
    Fault(30, "deployment under load", "SIGTERM to every process with orders unknown; the next "
          "ones have a new master key", _deployed, alone=True),
)  # fmt: skip
