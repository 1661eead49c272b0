"""Does the broker answer? Asked by sweepers before they do a worker's work themselves."""

from __future__ import annotations

from celery import current_app
from kombu.exceptions import OperationalError


def broker_answers() -> bool:
    """Whether a job could be delivered now; gives up after the connect time-out of 2 s."""
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except (OperationalError, ConnectionError, TimeoutError):
        return False
    return True
