"""What must hold after every fault, judged by the venue's ledger and our database, never our log.

The names are the fault matrix's, part A. O5 (stops at the venue) and O6 (money) have no subject
here and say so with None; O7 is the one that reads logs, for what must not be in them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.chaos.scene import SETTLED, Scene
from trading.domain.orders import intent_of
from trading.models import (
    CopyExecution,
    ExecutionKey,
    ExternalFill,
    ExternalOrder,
    ExternalPosition,
    Fill,
    OrderAttempt,
    Position,
    SignalFanout,
)

Wrong = list[str]
_MOST_ATTEMPTS = 6
_CLOCK_MS = 2  # a row's microseconds against the simulator's milliseconds


def judge(scene: Scene) -> tuple[dict[str, bool | None], Wrong]:
    """Each oracle's word, and what was wrong in words."""
    verdicts: dict[str, bool | None] = {}
    wrong: Wrong = []
    for name, oracle in _ORACLES.items():
        found = None if oracle is None else oracle(scene)
        verdicts[name] = None if found is None else not found
        wrong += [f"{name}: {text}" for text in found or ()]
    return verdicts, wrong


def _at_most_once(scene: Scene) -> Wrong:
    wrong = []
    ledger = scene.venue.venue.ledger
    for order in scene.orders:
        ids = list(order.tries.values_list("client_id", flat=True))
        executed = sum((ledger.executed(each) for each in ids), Decimal(0))
        if executed > order.quantity:
            wrong.append(f"{order} executed {executed}")
    for actor in scene.actors:
        twice = [name for name, times in Counter(scene.posted(actor)).items()
                 if times > 1 + (name in scene.by_hands)]  # fmt: skip
        if twice:
            wrong.append(f"posted twice: {twice}")
        alive = Counter(intent_of(each.client_id) for each in actor.account.open_orders.values())
        wrong += [f"two live orders of one intent: {name}" for name, n in alive.items() if n > 1]
    return wrong


def _no_loss(scene: Scene) -> Wrong:
    wrong = [f"{each} is {each.status}" for each in scene.orders.exclude(status__in=SETTLED)]
    for signal in scene.signals:
        decided = ExecutionKey.objects.filter(signal_id=signal.pk).count()
        told = CopyExecution.objects.filter(signal_id=signal.pk)
        wanted = scene.audience.get(signal.pk, len(scene.actors))
        if not wanted == decided == told.count():
            wrong.append(f"{told.count()} receipts of {wanted} for signal {signal.pk}")
        open_ones = told.filter(outcome__in=("planned", "unknown")).exclude(code="needs_person")
        wrong += [f"a receipt ends as {each.outcome} {each.code}" for each in open_ones]
    late = SignalFanout.objects.filter(signal__in=scene.signals, done_at=None).count()
    return wrong + ([f"{late} fan-outs are not done"] if late else [])


def _books_agree(scene: Scene) -> Wrong:
    return [text for actor in scene.actors for text in _positions(actor) + _fills(scene, actor)]


def _positions(actor: Any) -> Wrong:
    ours: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for books in (Position, ExternalPosition):
        rows = books.objects.filter(account_id=actor.copy.account_id)
        for symbol, side, quantity in rows.values_list("symbol", "position_side", "quantity"):
            ours[symbol, side] += quantity
    theirs = {(held.symbol, held.side.lower()): held.amount for held in actor.account.held()}
    places = {*theirs, *(place for place, quantity in ours.items() if quantity)}
    return [
        f"{actor.account.name} {symbol}: {ours[symbol, side]} in our books, "
        f"{theirs.get((symbol, side), Decimal(0))} at the venue"
        for symbol, side in sorted(places)
        if ours[symbol, side] != theirs.get((symbol, side), Decimal(0))
    ]


def _fills(scene: Scene, actor: Any) -> Wrong:
    ours: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for books in (Fill, ExternalFill):
        rows = books.objects.filter(account_id=actor.copy.account_id)
        ours |= {
            (symbol, trade): (quantity, fee)
            for symbol, trade, quantity, fee in rows.values_list(
                "symbol", "trade_id", "quantity", "fee"
            )
        }
    told = scene.venue.venue.ledger.of("fill", account=actor.account.name)
    theirs = {(each.symbol, str(each.trade_id)): (each.quantity, each.fee) for each in told}
    missing, strange = theirs.keys() - ours.keys(), ours.keys() - theirs.keys()
    wrong = [f"a fill that we never booked: {each}" for each in sorted(missing)]
    wrong += [f"a fill that the venue never had: {each}" for each in sorted(strange)]
    both = theirs.keys() & ours.keys()
    return wrong + [f"{each}: {ours[each]}, not {theirs[each]}" for each in sorted(both)
                    if ours[each] != theirs[each]]  # fmt: skip


def _nothing_forgotten(scene: Scene) -> Wrong:
    wrong = []
    for actor in scene.actors:
        accepted = scene.venue.venue.ledger.of("accepted", account=actor.account.name)
        ours = OrderAttempt.objects.filter(order__account_id=actor.copy.account_id)
        claimed = dict(ours.values_list("client_id", "claimed_at"))
        theirs = ExternalOrder.objects.filter(account_id=actor.copy.account_id)
        filled = ExternalFill.objects.filter(account_id=actor.copy.account_id)
        adopted = {*theirs.values_list("client_id", flat=True)}
        adopted |= {*filled.values_list("client_id", flat=True)}
        for each in accepted:
            at = claimed.get(each.client_id)
            skew = min(scene.skews)  # it is not on record which of them an order met
            if at is None and each.client_id not in adopted:
                wrong.append(f"an order that nobody knows: {each.client_id}")
            elif each.client_id in scene.by_hands:
                continue
            elif at and at.timestamp() * 1000 > each.received_at - skew + _CLOCK_MS:
                wrong.append(f"{each.client_id} was written after it was sent")
    return wrong


def _quiet(scene: Scene) -> Wrong:
    secrets = [actor.keys.secret for actor in scene.actors]
    secrets += scene.workers.environment["MASTER_KEYS"].split(",")
    told = re.compile("|".join(f"{re.escape(secret)}(?![0-9])" for secret in secrets))
    texts = {each.name: each.read_text("utf-8", "replace") for each in scene.workers.logs.iterdir()}
    return [f"a secret in {name}" for name, text in texts.items() if told.search(text)]


def _bounded(scene: Scene) -> Wrong:
    limits = scene.venue.venue.limits
    wrong = [
        f"{each} took {each.attempts} attempts"
        for each in scene.orders.filter(attempts__gt=_MOST_ATTEMPTS)
    ]
    banned = [ip for ip, address in limits.addresses.items() if address.bans]
    return wrong + [f"the venue banned us at {ip}" for ip in banned]


_ORACLES: dict[str, Callable[[Scene], Wrong] | None] = {
    "O1": _at_most_once,
    "O2": _no_loss,
    "O3": _books_agree,
    "O4": _nothing_forgotten,
    "O5": None,
    "O6": None,
    "O7": _quiet,
    "O8": _bounded,
}
