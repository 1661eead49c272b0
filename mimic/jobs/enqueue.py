"""Enqueue by name after commit. A nudge that is lost is no error: the rows are swept."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from prometheus_client import Counter

from mimic.jobs.registry import Job, job

logger = logging.getLogger(__name__)
lost_nudges = Counter(
    "mimic_job_nudges_lost", "Jobs that the broker did not take; a sweeper finds them", ["queue"]
)


def enqueue(name: str, *, queue: str = "", **arguments: int | str | list[int]) -> None:
    """Nudge a worker once the surrounding transaction has committed.

    ``arguments`` are ids and short words, JSON only. Raises UnknownJob at once for a wrong name.
    """
    found = job(name)
    transaction.on_commit(partial(_send, found, queue or found.queue, arguments), robust=True)


def _send(found: Job, queue: str, arguments: Mapping[str, object]) -> None:
    try:
        current_app.send_task(found.name, kwargs=dict(arguments), queue=queue, retry=False)
    except (OperationalError, ConnectionError, TimeoutError) as fault:
        lost_nudges.labels(queue).inc()
        logger.warning("nudge lost", extra={"job": found.name, "fault": type(fault).__name__})
