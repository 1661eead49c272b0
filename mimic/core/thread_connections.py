"""Database work in threads that are not a request's: connections go back where they came from."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections, connection

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def in_thread(work: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """``work`` with a healthy connection before it and none kept from the pool after it.

    Without a pool (workers, stream, sentinel) the thread keeps its connection.
    """

    @wraps(work)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        close_old_connections()
        try:
            return work(*args, **kwargs)
        finally:
            if settings.DATABASES["default"]["OPTIONS"]["pool"]:
                connection.close()

    return run
