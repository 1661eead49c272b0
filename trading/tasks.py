"""Envelopes: ids in, one call, safe to run twice. Later versions may add arguments."""

from __future__ import annotations

import gc
import sys
from functools import partial
from typing import Any

from celery import current_app, shared_task
from celery.signals import task_prerun, worker_ready, worker_shutdown
from django.db import close_old_connections
from django.utils import timezone

from trading.copying import fanout
from trading.domain.keys import KeyReport
from trading.execution import (
    cancels,
    egress,
    egress_trial,
    key_checks,
    nudge,
    recovery,
    setting_rounds,
)
from trading.execution.runtime import dispatcher, stop_dispatcher

# Seconds (Python's default is 0.005) that a thread which decides may keep one waiting that the
# database or a venue has just answered: a dozen answers a chunk made that 50 ms.
SWITCH = 0.0005

GARBAGE = (20_000, 20, 50)  # a fan-out makes many objects and no cycles


@worker_ready.connect
def _start(**_: Any) -> None:
    """Workers that send run their tasks in threads beside one event loop, which starts here,
    before the first job.
    """
    if {"trading", "closes"} & _queues():
        sys.setswitchinterval(SWITCH)
        dispatcher()
        gc.collect()
        gc.freeze()  # ccxt's 100 MiB are for ever: searching them for garbage cost a pause each
        gc.set_threshold(*GARBAGE)


@task_prerun.connect
def _check_connection(**_: Any) -> None:
    close_old_connections()


@worker_shutdown.connect
def _stop(**_: Any) -> None:
    stop_dispatcher()


@shared_task(name=fanout.JOB)
def fan_out(signal_ids: list[int], **_: Any) -> None:
    recovery.recognise(timezone.now())
    for signal_id in signal_ids:
        fanout.fan_out(signal_id=signal_id, now=timezone.now(), sender=dispatcher())


@shared_task(name=nudge.JOB)
def send(route: str, closing: int, **_: Any) -> None:
    dispatcher().send(route, closing=bool(closing))


@shared_task(name=cancels.JOB)
def cancel(**_: Any) -> None:
    dispatcher().cancel()


@shared_task(name=setting_rounds.JOB)
def venue_settings(**_: Any) -> None:
    setting_rounds.work_settings(dispatcher(), timezone.now)


@shared_task(name=key_checks.JOB)
def check_account(check_id: int, **_: Any) -> None:
    key_checks.run_check(check_id=check_id, ask=_ask_venue, clock=timezone.now)


@shared_task(name=egress.JOB)
def try_egress(egress_id: int, **_: Any) -> None:
    egress_trial.try_egress(egress_id=egress_id, clock=timezone.now)


def _ask_venue(question: key_checks.Question) -> KeyReport:
    sender = dispatcher()
    return sender.call(partial(key_checks.ask_venue, sender.gateway, question))


def _queues() -> set[str]:
    """Which queues this worker takes, from its command line."""
    return set(current_app.amqp.queues.consume_from)
