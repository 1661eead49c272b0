"""What an endpoint promises beyond its serializers: the errors it raises, the headers it reads.

Decorators note both on the handler, beside the code; the document is made from these notes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter

from mimic.core.errors import MimicError

Handler = TypeVar("Handler", bound=Callable[..., Any])

_REFUSALS = "mimic_refusals"
_HEADERS = "mimic_headers"


def refuses(*kinds: type[MimicError]) -> Callable[[Handler], Handler]:
    """The handler may raise these, besides what every endpoint may."""

    def noted(handler: Handler) -> Handler:
        setattr(handler, _REFUSALS, (*refusals_of(handler), *kinds))
        return handler

    return noted


def reads_header(parameter: OpenApiParameter) -> Callable[[Handler], Handler]:
    """The handler reads this request header."""

    def noted(handler: Handler) -> Handler:
        setattr(handler, _HEADERS, (*headers_of(handler), parameter))
        return handler

    return noted


def refusals_of(handler: object) -> tuple[type[MimicError], ...]:
    found: tuple[type[MimicError], ...] = getattr(handler, _REFUSALS, ())
    return found


def headers_of(handler: object) -> tuple[OpenApiParameter, ...]:
    found: tuple[OpenApiParameter, ...] = getattr(handler, _HEADERS, ())
    return found
