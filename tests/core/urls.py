"""Views that fail in every way, for the tests of problems, logs and limits."""

from __future__ import annotations

import logging

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from mimic.core.errors import Conflict, FieldProblem, TooManyRequests, UnsupportedMediaType

handler400 = "mimic.core.error_views.bad_request"
handler403 = "mimic.core.error_views.forbidden"
handler404 = "mimic.core.error_views.not_found"
handler500 = "mimic.core.error_views.server_error"

_FAULTS: dict[str, Exception] = {
    "bad": BadRequest(),
    "denied": PermissionDenied(),
    "gone": Http404(),
    "conflict": Conflict(
        "Already done.", errors=[FieldProblem(pointer="/id", code="taken", detail="taken")]
    ),
    "media": UnsupportedMediaType(),
    "flood": TooManyRequests(retry_after=7),
    "bug": RuntimeError("the secret inner state"),
}


@csrf_exempt
def fail(request: HttpRequest, fault: str) -> HttpResponse:
    raise _FAULTS[fault]


@csrf_exempt
def size(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.body)))


@csrf_exempt
def speak(request: HttpRequest, token: str) -> HttpResponse:
    logging.getLogger("tests.speak").info("asked %s", request.get_full_path())
    return HttpResponse("heard")


@require_POST
def only_post(request: HttpRequest) -> HttpResponse:
    return HttpResponse("posted")


urlpatterns = [
    path("api/fail/<fault>", fail),
    path("fail/<fault>", fail),
    path("api/size", size),
    path("webhook/<token>", speak),
    path("api/post", only_post),
    path("post", only_post),
    path("", include("mimic.ops.urls")),
]
