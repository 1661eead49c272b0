"""The shape of our middleware: cheap steps before and after, the same under ASGI and WSGI.

Neither step may block or query, so both run in the event loop without a hop to a thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class StepMiddleware:
    """Subclasses override ``before`` (an answer ends the matter), ``after`` and ``finally_``."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def before(self, request: HttpRequest) -> HttpResponseBase | None:
        return None

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response

    def finally_(self, request: HttpRequest) -> None:
        """Runs whatever happened, a cancelled request included."""

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self):
            return self._acall(request)
        try:
            response = self.before(request)
            if response is None:
                response = cast(HttpResponseBase, self.get_response(request))
            return self.after(request, response)
        finally:
            self.finally_(request)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response = self.before(request)
            if response is None:
                response = await cast(Awaitable[HttpResponseBase], self.get_response(request))
            return self.after(request, response)
        finally:
            self.finally_(request)
