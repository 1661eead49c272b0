"""Enqueue by name after commit. A nudge that is lost is no error: the rows are swept."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from mimic.jobs.nudges import Value, nudge_of, publisher
from mimic.jobs.registry import job


def enqueue(name: str, *, queue: str = "", **arguments: Value) -> None:
    """Nudge a worker once the surrounding transaction has committed; never waits for the broker.

    ``arguments`` are ids and short words, JSON only. A list of ids (one at most) is gathered:
    nudges that differ in nothing else become one message. Raises UnknownJob at once for a wrong
    name.
    """
    found = job(name)
    nudge = nudge_of(found.name, queue or found.queue, arguments)
    transaction.on_commit(partial(publisher.ask, nudge), robust=True)
