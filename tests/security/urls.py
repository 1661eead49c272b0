"""The whole project, and a page and a program's address that break with secrets in their hands."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from mimic.urls import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


@csrf_exempt
def breaks(request: HttpRequest, token: str) -> HttpResponse:
    """What was sent stands in local variables, where a careless traceback would print it."""
    given: dict[str, Any] = {**request.POST.dict(), "token": token}
    raise RuntimeError(f"{len(given)} fields")


urlpatterns = [
    path("webhook/<token>/broken", breaks),
    path("broken/<token>", breaks),
    *urlpatterns,
]
