"""Ids travel with jobs into the worker's log lines."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import structlog
from celery import Celery
from celery.signals import before_task_publish
from django_structlog.celery.receivers import CeleryReceiver

from mimic.core import task_log
from tests.core.conftest import Lines


def test_a_jobs_message_carries_the_request_id_and_nothing_else() -> None:
    headers: dict[str, Any] = {}
    task_log.connect_receivers()
    with structlog.contextvars.bound_contextvars(request_id="trace-0001", password="hush"):
        before_task_publish.send(sender="job", headers=headers, body=(), properties={})
    assert headers["__django_structlog__"] == {"request_id": "trace-0001"}


def test_a_line_logged_inside_a_job_has_the_request_and_task_ids(log_lines: Lines) -> None:
    app = Celery("tests", set_as_current=False)

    @app.task(name="tests.job")
    def job() -> None: ...

    task: Any = job
    task.push_request(__django_structlog__={"request_id": "trace-0001"}, id="task-1")
    try:
        CeleryReceiver().receiver_task_prerun("task-1", task)
        logging.getLogger("tests").warning("inside")
    finally:
        task.pop_request()
        structlog.contextvars.clear_contextvars()
    (line,) = [line for line in log_lines() if line["message"] == "inside"]
    assert (line["request_id"], line["task_id"]) == ("trace-0001", "task-1")


@pytest.fixture(autouse=True)
def _no_context() -> None:
    structlog.contextvars.clear_contextvars()
