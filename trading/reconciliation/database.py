"""Database work from the event loop: in a thread, with that thread's connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from mimic.core.thread_connections import in_thread

T = TypeVar("T")


async def in_database(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(in_thread(work))
