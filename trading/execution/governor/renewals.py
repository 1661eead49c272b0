"""Orders whose grant grew old in a queue: all of one grant that ask at once take one round trip."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

GATHERED = 0.005  # seconds that others may come along; a round trip costs a tenth of that


class Key(NamedTuple):
    route: str
    egress: str
    closing: bool
    granted_at: float


@dataclass(slots=True)
class _Batch:
    accounts: list[int] = field(default_factory=list)
    task: asyncio.Task[list[float]] | None = None


class Renewals:
    """Belongs to one event loop. ``renew`` runs in a thread."""

    def __init__(self, renew: Callable[[Key, list[int]], list[float]]) -> None:
        self._renew = renew
        self._gathering: dict[Key, _Batch] = {}

    async def ask(self, key: Key, account_id: int) -> float:
        """Seconds to wait; 0 when the order may go now."""
        batch = self._gathering.get(key)
        if batch is None:
            batch = self._gathering[key] = _Batch()
            batch.task = asyncio.create_task(self._run(key, batch))
        assert batch.task is not None  # made with the batch, in this same turn
        place = len(batch.accounts)
        batch.accounts.append(account_id)
        return (await asyncio.shield(batch.task))[place]

    async def _run(self, key: Key, batch: _Batch) -> list[float]:
        await asyncio.sleep(GATHERED)
        del self._gathering[key]
        return await asyncio.to_thread(self._renew, key, batch.accounts)
