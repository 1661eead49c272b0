"""``/metrics`` for the web, and a small exporter of their own for workers and other processes."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

from celery.signals import worker_init, worker_process_shutdown
from django.conf import settings
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from mimic.core.redis_clients import AWAY, asking
from mimic.jobs.registry import QUEUES
from mimic.ops.metrics import queue_depth

logger = logging.getLogger(__name__)
_MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"


def registry() -> CollectorRegistry:
    """This process's figures, or those of all its siblings when they share a folder.

    Prefork children count in their own memory, so a pool needs ``PROMETHEUS_MULTIPROC_DIR`` in
    its environment (an empty folder per service) before anything is imported.
    """
    if not os.environ.get(_MULTIPROCESS):
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


_refreshers: dict[str, Callable[[], None]] = {}


def on_exposition(name: str, refresh: Callable[[], None]) -> None:
    """Bring gauges up to date before each exposition; one function a name. From ``ready()``."""
    _refreshers[name] = refresh


def exposition() -> bytes:
    """Prometheus text of this service, with fresh queue depths and whatever apps refresh."""
    refresh_queue_depth()
    for name, refresh in _refreshers.items():
        try:
            refresh()
        except Exception:  # one app's fault must not blind the whole exposition
            logger.exception("gauges not refreshed", extra={"gauges": name})
    return generate_latest(registry())


def refresh_queue_depth() -> None:
    """Celery's Redis queues are lists named after the queue; away means the last figure stays."""
    try:
        with asking().pipeline(transaction=False) as pipe:
            for queue in QUEUES:
                pipe.llen(queue)
            depths = pipe.execute()
    except AWAY:
        return
    for queue, depth in zip(QUEUES, depths, strict=True):
        queue_depth.labels(queue).set(depth)


def start_exporter(port: int) -> None:
    """Serve ``registry()`` on ``port`` from a thread; 0 does nothing, a taken port is a warning."""
    if not port:
        return
    try:
        start_http_server(port, registry=registry())
    except OSError as fault:
        logger.warning("metrics port is taken", extra={"port": port, "fault": str(fault)})


def _start_in_worker(**_: Any) -> None:
    start_exporter(settings.WORKER_METRICS_PORT)


def _forget_child(pid: int | None = None, **_: Any) -> None:
    if pid and os.environ.get(_MULTIPROCESS):
        mark_process_dead(pid)  # type: ignore[no-untyped-call]


def connect_worker() -> None:
    """Called once from ``mimic.celery``; fires only in workers' main and child processes."""
    worker_init.connect(_start_in_worker, weak=False, dispatch_uid="mimic.metrics")
    worker_process_shutdown.connect(_forget_child, weak=False, dispatch_uid="mimic.metrics")
