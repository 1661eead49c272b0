"""The venue lags, refuses, drifts, closes for maintenance, or tells another time."""

from __future__ import annotations

import signal
import time
from decimal import Decimal

from django.conf import settings

from mimic.jobs.enqueue import enqueue
from tests.chaos.faults.batches import play_batches
from tests.chaos.faults.streams import live
from tests.chaos.faults.table import Fault
from tests.chaos.faults.wire import AFTER, AGAIN, BEFORE
from tests.chaos.scene import Actor, Scene
from trading.copying.fanout import fan_out
from trading.domain.orders import client_id
from trading.domain.receipts import Code
from trading.domain.repairs import RepairState
from trading.execution import nudge
from trading.models import ExternalFill, Instrument, Repair

_THIN = (Code.THIN_BOOK.value, Code.NO_BOOK.value)


def _lagging(scene: Scene) -> None:
    """Lists are three seconds old; nothing may be concluded from what they lack."""
    done, lost = scene.actor(), scene.actor()
    heard = scene.actor(listening=True)
    live(scene, heard)
    scene.mode(read_lag=3_000)
    scene.inject(done, action="rst", when=AFTER)
    scene.inject(lost, action="rst", when=BEFORE)
    scene.signal()
    scene.until(lambda: scene.accepted(heard), "the heard one's order", 30)
    scene.venue.command(
        "POST /_sim/inject", {"stream": {"action": "disconnect", "api_key": heard.keys.api_key}}
    )
    scene.settled(3)
    live(scene, heard)
    scene.expect("answer lost", tuple(scene.outcomes(done)), ("confirmed",))
    scene.expect("request lost", tuple(scene.outcomes(lost)), AGAIN)
    strange = ExternalFill.objects.filter(account_id=heard.copy.account_id)
    scene.expect("taken for the person's own", strange.count(), 0)


def _same_id(scene: Scene) -> None:
    """Somebody used our id before us: the venue says so, and we ask."""
    actor = scene.actor()
    scene.workers.signal("worker", signal.SIGSTOP)
    row = scene.signal(nudged=False)
    fan_out(signal_id=row.pk, now=scene.now())
    order = actor.orders.get()
    name = client_id(settings.MIMIC_INSTANCE, order.pk, 1)
    scene.by_hand(actor, side="buy", quantity=f"{order.quantity:f}", price="58000", name=name)
    scene.workers.signal("worker", signal.SIGCONT)
    enqueue(nudge.JOB, route=order.route, closing=0)
    scene.until(lambda: actor.orders.get().status == "open", "the order that was there", 40)
    scene.expect("arrivals of the id", scene.posted(actor).count(name), 2)
    scene.close()
    scene.settled(1)
    scene.expect("the resting order", actor.orders.get().status, "cancelled")


def _unsure_and_nudged(scene: Scene) -> None:
    """Filled, answer lost, and everybody is told again and again to send."""
    actor = scene.actor()
    scene.inject(actor, action="rst", when=AFTER)
    scene.mode(read_lag=2_000)
    scene.signal()
    scene.until(lambda: actor.orders.filter(status="unknown").exists(), "an unknown order", 30)
    for _ in range(10):
        enqueue(nudge.JOB, route=actor.copy.account.route, closing=0)
    scene.settled(1)
    scene.expect("posted", len(scene.posted(actor)), 1)


def _duplicates(scene: Scene) -> None:
    _same_id(scene)
    _unsure_and_nudged(scene)


def _thin(scene: Scene) -> None:
    """Of a market order only a part finds somebody; the rest expires. It is bought by an order of
    its own as long as the signal is valid, unless the book was read while it was thin: that gate
    bites for the rest as it would for an order.
    """
    actor = scene.actor(symbol="ETHUSDT")
    scene.inject(actor, action="delay", when=BEFORE, ms=2_500)
    scene.signal(symbol="ETHUSDT")
    scene.until(lambda: actor.orders.filter(status="sending").exists(), "an order on its way", 30)
    book = {"symbol": "ETHUSDT", "bids": [["2999.99", "9"]], "asks": [["3000.01", "0.3"]]}
    scene.venue.command("POST /_sim/book", book)
    scene.settled(1)
    scene.venue.command("POST /_sim/price", {"symbol": "ETHUSDT", "mark": "3000"})
    order = actor.orders.earliest("pk")
    scene.expect("what ended", (order.status, order.filled), ("expired", Decimal("0.3")))
    ended = Repair.objects.filter(subscription=actor.copy, ended_at__isnull=False)
    scene.until(ended.exists, "what becomes of the rest", 40)
    rest = ended.get()
    bought = rest.state == RepairState.DONE
    scene.settled(1 + bought)
    scene.observe(f"the rest: {rest.state} {rest.code}".strip())
    scene.expect("why it was given up", bought or rest.code in _THIN, True)
    scene.expect("the rest", rest.done, order.quantity - order.filled if bought else 0)
    scene.expect("orders", actor.orders.count(), 1 + bought)


def _clocks(scene: Scene) -> None:
    """The venue's clock jumps ahead of ours, then behind it, with signals in between. Prices that
    it stamps in the past are stale, and opens say so.
    """
    scene.crowd(2)
    for ahead in (8_000, -3_000, -8_000, 0):
        scene.mode(clock_skew=ahead)
        row = scene.signal()
        told = scene.receipts.filter(signal=row)
        ended = told.filter(outcome__in=("executed", "skipped"))
        scene.until(lambda ended=ended: ended.count() == 2, "receipts", 40)  # type: ignore[misc]
        scene.settled(scene.orders.count())
        tries = [order.attempts for order in scene.orders.order_by("-pk")[:2]]
        codes = sorted(set(told.values_list("code", flat=True)))
        scene.observe(f"venue {ahead / 1000:+.0f} s: {codes}, attempts {tries}")
        doubted = set(codes) & {"outcome_unknown", "needs_person"}  # others may have run dry
        scene.expect("doubts", doubted, set())
    scene.expect("states", set(scene.orders.values_list("status", flat=True)), {"filled"})
    scene.expect("orders of the first two", scene.orders.count() >= 4, True)


def _maintained(scene: Scene) -> None:
    """Away with an open and a close to do; back with other prices."""
    actors = scene.crowd(2)
    scene.signal()
    scene.settled(2)
    scene.mode(maintenance=True)
    closed = scene.close()
    time.sleep(6.0)
    opened = scene.signal()
    time.sleep(4.0)
    scene.observe(f"during maintenance: {scene.stand()}")
    scene.mode(maintenance=False)
    scene.until(
        lambda: scene.receipts.filter(signal=closed, outcome="executed").count() == 2,
        "the closes", 60,
    )  # fmt: skip
    scene.settled(4, 90)
    found = scene.receipts.filter(signal=opened).values_list("outcome", "code")
    scene.observe(f"opens of that time: {sorted(set(found))}")
    scene.observe(f"held: {[str(a.account.position('BTCUSDT', 'BOTH').amount) for a in actors]}")


def _other_rules(scene: Scene) -> None:
    """The step grew since the rules were read: the venue refuses, the person sees why, and the
    next signal follows the new rules, rounded down.
    """
    actor = scene.actor(symbol="SOLUSDT")
    scene.venue.command("POST /_sim/filters", {"symbol": "SOLUSDT", "step": "10"})
    scene.signal(symbol="SOLUSDT")
    scene.settled(1)
    order, receipt = actor.orders.get(), scene.receipts.get()
    scene.expect("the order", order.status, "rejected")
    scene.expect("the receipt", receipt.outcome, "refused")
    scene.observe(f"told: {receipt.code}: {receipt.venue_message}")
    rules = Instrument.objects.filter(symbol="SOLUSDT", quantity_step=10)
    scene.until(rules.exists, "the new rules", 30)
    scene.signal(symbol="SOLUSDT")
    scene.settled(2)
    later = actor.orders.latest("pk")
    scene.expect("by the new rules", (later.status, later.quantity), ("filled", Decimal(10)))
    scene.venue.command(
        "POST /_sim/filters", {"symbol": "SOLUSDT", "step": "0.01", "min_quantity": "0.01"}
    )


def _raced(scene: Scene) -> None:
    """A close while the open is unclear, and the same close twice."""
    lost, slow, sound = scene.crowd(3)
    scene.inject(lost, action="rst", when=AFTER)
    scene.inject(slow, action="delay", when=BEFORE, ms=3_000)
    scene.signal()
    scene.until(lambda: lost.orders.filter(status="unknown").exists(), "an unknown open", 30)
    scene.close()
    scene.close()
    scene.until(lambda: all(_flat(scene, each) for each in (lost, slow, sound)), "all flat", 60)
    scene.settled(6)
    for actor in (lost, slow, sound):
        scene.expect(f"lowest of {actor.account.name}", _lowest(scene, actor) >= 0, True)


def _flat(scene: Scene, actor: Actor) -> bool:
    held = actor.account.position("BTCUSDT", "BOTH").amount
    return bool(scene.accepted(actor)) and held == 0


def _lowest(scene: Scene, actor: Actor) -> Decimal:
    """The deepest that the account ever stood, by the ledger's fills."""
    held = low = Decimal(0)
    for each in scene.venue.venue.ledger.of("fill", account=actor.account.name):
        held += each.quantity if each.side == "BUY" else -each.quantity
        low = min(low, held)
    return low


FAULTS = (
    Fault(6, "reads lag behind the engine", "read_lag 3 s; POST answer lost, POST lost, stream cut",
          _lagging, alone=True),
    Fault(7, "client id used before", "our id on a resting order (-4116); nudges while unknown",
          _duplicates, alone=True),
    Fault(8, "partial fill, rest expires", "a book of 0.3 for an order of more", _thin),
    Fault(16, "batch partly refused", "[ok, -2022, ok, -2019, ok]; then the whole answer lost",
          play_batches),
    Fault(17, "clocks disagree", "venue +8 s, -3 s, -8 s, and back", _clocks, alone=True),
    Fault(19, "maintenance", "every endpoint 503 for 10 s with a close and an open to do",
          _maintained, alone=True),
    Fault(20, "trading rules changed", "step 0.01 becomes 10 between catalogue and order",
          _other_rules),
    Fault(22, "close against open", "close while the open is unknown or on its way, twice", _raced),
)  # fmt: skip
