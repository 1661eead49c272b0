"""``manage.py stream``: quotes, instruments and account snapshots kept fresh."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import uvloop
from django.core.management.base import BaseCommand

from trading.domain.ports import register_gateway
from trading.execution.gateways import PAPER, paper_gateway
from trading.reconciliation.streaming import Stream
from trading.venues.registry import load_adapters


class Command(BaseCommand):
    help = "Keep prices, trading rules and account snapshots fresh."

    def handle(self, *args: Any, **options: Any) -> None:
        register_gateway(PAPER, paper_gateway)
        load_adapters()
        uvloop.run(_serve())


async def _serve() -> None:
    stream = Stream()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stream.stop)
    await stream.run()
