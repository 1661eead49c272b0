"""Several orders of one account in one request: matched by place, never by luck."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from itertools import count

from django.db import transaction

from tests.cast import VENUE
from tests.chaos.faults.wire import AFTER
from tests.chaos.scene import Actor, Scene
from trading.domain.ports import OrderRequest, SendResult, Side
from trading.execution.births import Born, write_orders
from trading.execution.settle import Answer, settle_answers
from trading.execution.transitions import Claimed
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.registry import VENUES

BATCH = "POST /fapi/v1/batchOrders"
_origins = count(1)
_TOO_MUCH, _SOME = "8", "0.010"


def play_batches(scene: Scene) -> None:
    """The engine sends orders one by one; the batch's gateway is judged with the engine's books."""
    actor = scene.actor()
    mixed = _send(scene, actor, [(_SOME, False), (_SOME, True), (_SOME, False), (_TOO_MUCH, False),
                                 (_SOME, False)])  # fmt: skip
    scene.expect("answered", mixed, ["confirmed", "refused -2022", "confirmed", "refused -2019",
                                     "confirmed"])  # fmt: skip
    scene.inject(actor, endpoint=BATCH, action="rst", when=AFTER)
    whole = _send(scene, actor, [(_SOME, False)] * 3)
    scene.expect("answer lost", whole, ["unknown "] * 3)
    scene.settled(8)
    states = list(scene.orders.order_by("leg", "pk").values_list("status", flat=True))
    scene.expect("filled", states.count("filled"), 6)


def _send(scene: Scene, actor: Actor, legs: Sequence[tuple[str, bool]]) -> list[str]:
    claimed = _intend(scene, actor, legs)
    sent = scene.now()
    results = asyncio.run(_place(scene, actor, claimed))
    answers = [Answer(order, result, sent, scene.now())
               for order, result in zip(claimed, results, strict=True)]  # fmt: skip
    settle_answers(route=VENUE, answers=answers, now=scene.now())
    return [f"{each.outcome} {each.venue_code}" if each.outcome != "confirmed" else "confirmed"
            for each in results]  # fmt: skip


@transaction.atomic(durable=True)
def _intend(scene: Scene, actor: Actor, legs: Sequence[tuple[str, bool]]) -> list[Claimed]:
    """Written with their attempts before anything is sent, as the engine writes orders."""
    origin = next(_origins)
    born = [
        Born(
            "manual", origin, leg, actor.copy.account_id, None, None, VENUE, "BTCUSDT",
            "buy", "both", closing, Decimal(quantity), 5, Decimal(0), 0,
            None, mine=True,
        )
        for leg, (quantity, closing) in enumerate(legs)
    ]  # fmt: skip
    return write_orders(born, scene.now())[VENUE]


async def _place(scene: Scene, actor: Actor, claimed: Sequence[Claimed]) -> list[SendResult]:
    gateway = CcxtGateway(VENUES[VENUE], scene.venue.base_url)
    requests = [
        OrderRequest(each.client_id, each.symbol, Side(each.side), each.quantity,
                     reduce_only=each.reduce_only)
        for each in claimed
    ]  # fmt: skip
    try:
        return await gateway.place_many(actor.session, requests)
    finally:
        await gateway.close()
