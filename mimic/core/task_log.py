"""Request ids travel with Celery jobs, and workers log like the rest of us.

django-structlog puts the context into the message's headers and binds it again in the worker;
only the ids below travel, so that nothing secret rides along by accident.
"""

from __future__ import annotations

import logging.config
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from django_structlog.celery.signals import modify_context_before_task_publish
from django_structlog.celery.steps import DjangoStructLogInitStep

from mimic.core.context import current_request, known_user_id

_TRAVELS = frozenset({"request_id", "user_id", "parent_task_id"})

STRUCTLOG_SETTINGS: dict[str, Any] = {
    "DJANGO_STRUCTLOG_CELERY_ENABLED": True,
    "DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL": logging.DEBUG,
}
"""For ``settings``: start lines only when debugging; one line a task, when it ends."""


def _keep_ids(context: dict[str, Any], **_: object) -> None:
    request = current_request.get()
    if request is not None and (user_id := known_user_id(request)) is not None:
        context["user_id"] = user_id
    for name in context.keys() - _TRAVELS:
        del context[name]


def _our_logging(**_: object) -> None:
    logging.config.dictConfig(settings.LOGGING)


def connect_receivers() -> None:
    """Called once from ``CoreConfig.ready``."""
    modify_context_before_task_publish.connect(_keep_ids, dispatch_uid="mimic.keep_ids")


def install(app: Celery) -> None:
    """Called once from ``mimic.celery``: the worker logs through ``settings.LOGGING``."""
    setup_logging.connect(_our_logging, weak=False, dispatch_uid="mimic.logging")
    app.steps["worker"].add(DjangoStructLogInitStep)
