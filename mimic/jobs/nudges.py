"""Nudges leave from a thread of their own, gathered: who commits a row never waits for the broker.

The first nudge leaves at once. What is asked for while it leaves, and for ``PAUSE`` after, leaves
together: equal nudges once, ids of one job in one message. So a burst of alerts costs a publish
each few milliseconds instead of one each, and a broker that hangs costs nobody but this thread.

A nudge may be lost here (the process is killed, the broker is away, too many wait): the row is the
queue, and its sweeper finds it. A nudge may also come twice: tasks are safe to run again.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError
from prometheus_client import Counter

logger = logging.getLogger(__name__)
lost_nudges = Counter(
    "mimic_job_nudges_lost", "Jobs that the broker did not take; a sweeper finds them", ["queue"]
)

PAUSE = 0.01  # seconds between two sendings
MOST_IDS = 25  # in a message: more of them would keep one worker busy while others have nothing
MOST_WAITING = 2_000  # different messages; a broker that is away for long must not fill the memory
ANSWER = 2.0  # seconds that the broker may take
LAST_WORDS = 2.0  # seconds that a process which ends gives what still waits
_AWAY = (OperationalError, ConnectionError, TimeoutError)

Value = int | str | list[int]
Key = tuple[str, str, tuple[tuple[str, int | str], ...]]


@dataclass(slots=True)
class Nudge:
    """One message to be: a job, its queue, its words, and at most one list of ids.

    ``context`` is the first asker's: its request id travels with the message.
    """

    job: str
    queue: str
    words: dict[str, int | str]
    ids_name: str = ""
    ids: dict[int, None] = field(default_factory=dict)  # as asked for, each once
    context: Context = field(default_factory=copy_context)

    @property
    def key(self) -> Key:
        """Nudges with the same key become one message."""
        return (self.job, f"{self.queue} {self.ids_name}", tuple(sorted(self.words.items())))

    def messages(self) -> Iterator[dict[str, Value]]:
        """Arguments of the task, a message each."""
        ids = list(self.ids)
        if not ids:
            yield dict(self.words)
        for start in range(0, len(ids), MOST_IDS):
            yield {**self.words, self.ids_name: ids[start : start + MOST_IDS]}


def nudge_of(job: str, queue: str, arguments: dict[str, Value]) -> Nudge:
    """Raises ValueError for two lists: which ids of the one belong to which of the other?"""
    nudge = Nudge(job, queue, {})
    for name, value in arguments.items():
        if not isinstance(value, list):
            nudge.words[name] = value
        elif nudge.ids_name:
            raise ValueError(f"{job}: {nudge.ids_name} and {name} are lists; one can be gathered")
        else:
            nudge.ids_name, nudge.ids = name, dict.fromkeys(value)
    return nudge


class Publisher:
    """Takes nudges from any thread; starts its own with the first one, and anew after a fork."""

    def __init__(self, send: Callable[[Nudge], None]) -> None:
        self._send = send
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """What waits after a fork is the parent's to send; its thread and locks are not ours."""
        self._changed = threading.Condition()
        self._waiting: dict[Key, Nudge] = {}
        self._thread: threading.Thread | None = None
        self._busy = False
        self._ends = threading.Event()

    def ask(self, nudge: Nudge) -> None:
        """Returns at once, whatever the broker does."""
        with self._changed:
            same = self._waiting.get(nudge.key)
            if same is not None:
                same.ids.update(nudge.ids)
            elif len(self._waiting) >= MOST_WAITING:
                lost_nudges.labels(nudge.queue).inc()
            else:
                self._waiting[nudge.key] = nudge
            if self._thread is None:
                self._start()
            elif not self._busy:
                self._changed.notify_all()

    def flush(self, seconds: float) -> bool:
        """Whether all that was asked for has left (or is lost) within that time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, seconds)

    def close(self) -> None:
        """Send what waits and end the thread; the next nudge starts another."""
        with self._changed:
            thread = self._thread
            self._ends.set()
            self._changed.notify_all()
        if thread is not None:
            thread.join(LAST_WORDS)

    def _start(self) -> None:
        self._ends.clear()
        self._thread = threading.Thread(target=self._run, name="nudges", daemon=True)
        self._thread.start()
        # atexit does not run in children of multiprocessing, which granian's workers are.
        Finalize(None, self.close, exitpriority=0)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._ends.is_set())
                if not self._waiting:
                    self._thread = None
                    return
                self._busy = True
                waiting, self._waiting = self._waiting, {}
            for nudge in waiting.values():
                self._deliver(nudge)
            self._ends.wait(PAUSE)

    def _deliver(self, nudge: Nudge) -> None:
        """Nothing may end the thread: a nudge that cannot be sent is lost and told of."""
        try:
            nudge.context.run(self._send, nudge)
        except _AWAY as fault:
            lost_nudges.labels(nudge.queue).inc()
            logger.warning("nudge lost", extra={"job": nudge.job, "fault": type(fault).__name__})
        except Exception:
            lost_nudges.labels(nudge.queue).inc()
            logger.exception("nudge lost", extra={"job": nudge.job})


class Broker:
    """The publisher's own connection. Celery's others may block for ever, as workers must."""

    def __init__(self) -> None:
        self._producer: Any = None
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """The parent goes on using the socket, so it is left open."""
        self._producer = None

    def send(self, nudge: Nudge) -> None:
        """Raises OperationalError when the broker is away; then the next try connects anew."""
        try:
            self._send(nudge)
        except _AWAY:
            if self._producer is None:
                raise
            self._drop()
            self._send(nudge)  # the connection may have died while nobody used it

    def _send(self, nudge: Nudge) -> None:
        producer = self._producer or self._connect()
        for arguments in nudge.messages():
            current_app.send_task(
                nudge.job, kwargs=arguments, queue=nudge.queue, producer=producer, retry=False
            )
        self._producer = producer  # only one that has worked is worth a second try

    def _connect(self) -> Any:
        connection = current_app.connection_for_write(transport_options={"socket_timeout": ANSWER})
        return current_app.amqp.Producer(connection, auto_declare=False)

    def _drop(self) -> None:
        self._producer.connection.release()
        self._producer = None


publisher = Publisher(Broker().send)
