"""Names of jobs. Services enqueue by name; tasks are bound to names elsewhere.

The registry knows no task, so a service can refuse a wrong name at once, inside its transaction,
without importing what will run it (seen in Polar).
"""

from __future__ import annotations

from dataclasses import dataclass

QUEUES = ("trading", "closes", "default", "bulk", "research")


@dataclass(frozen=True, slots=True)
class Job:
    """``name`` is the Celery task's name too; ``queue`` is where it runs unless told otherwise."""

    name: str
    queue: str


class UnknownJob(LookupError):
    """A job was enqueued under a name that nobody registered."""


_jobs: dict[str, Job] = {}


def register_job(name: str, *, queue: str) -> Job:
    """Declare a job. Raises ValueError for an unknown queue or a name taken for another queue."""
    job = Job(name, queue)
    if queue not in QUEUES:
        raise ValueError(f"job {name}: no queue {queue!r}; known: {QUEUES}")
    if _jobs.setdefault(name, job) != job:
        raise ValueError(f"job {name} is already registered for queue {_jobs[name].queue}")
    return job


def job(name: str) -> Job:
    """The job of that name. Raises :class:`UnknownJob`."""
    try:
        return _jobs[name]
    except KeyError:
        raise UnknownJob(f"no job {name!r}; known: {sorted(_jobs)}") from None


def all_jobs() -> list[Job]:
    return sorted(_jobs.values(), key=lambda each: each.name)
