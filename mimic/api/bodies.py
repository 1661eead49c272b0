"""The body of a request, understood."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.serializers import Serializer


def valid_body(kind: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """The fields by name. Raises DRF's ValidationError, which names those that are wrong."""
    body = kind(data=request.data)
    body.is_valid(raise_exception=True)
    found: dict[str, Any] = body.validated_data
    return found
