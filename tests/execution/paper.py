"""Send what is planned on paper, without a loop of its own: claim, fill, settle."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from trading.domain.ports import OrderRequest, PositionSide, SendResult, Side
from trading.execution.claims import Job, equip, take_orders
from trading.execution.gateways import PAPER, paper_gateway
from trading.execution.settle import Answer, settle_answers


def now() -> datetime:
    return datetime.now(UTC)


def request_of(job: Job) -> OrderRequest:
    order = job.order
    return OrderRequest(
        client_id=order.client_id,
        symbol=order.symbol,
        side=Side(order.side),
        quantity=order.quantity,
        position_side=PositionSide(order.position_side),
        reduce_only=order.reduce_only,
    )


async def _place(jobs: list[Job]) -> list[SendResult]:
    gateway = paper_gateway(PAPER, "")
    return [await gateway.place(job.session, request_of(job)) for job in jobs]


def send_on_paper(*, closing: bool = False, limit: int = 1_000) -> int:
    """How many orders were sent."""
    claimed = take_orders(route="paper", closing=closing, limit=limit, now=now())
    jobs = equip(claimed, now=now())
    results = asyncio.run(_place(jobs))
    answers = [
        Answer(job.order, result, now(), now()) for job, result in zip(jobs, results, strict=True)
    ]
    settle_answers(route="paper", answers=answers, now=now())
    return len(answers)
