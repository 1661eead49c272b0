"""The Celery application; tasks are found in each app's ``tasks`` module."""

from __future__ import annotations

import os

from celery import Celery

from mimic.core import task_log
from mimic.ops.exporter import connect_worker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mimic.settings")

app = Celery("mimic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.CELERY_DB_REUSE_MAX = 1_000_000  # connections live as long as they are healthy
app.autodiscover_tasks()
task_log.install(app)
connect_worker()
