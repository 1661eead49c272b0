"""What ``mimic.settings`` needs for the API: Django REST framework and the schema."""

from __future__ import annotations

from typing import Any

_RECOGNISED = [
    "accounts.api.authentication.TokenAuthentication",
    "accounts.api.authentication.KeyAuthentication",
    "mimic.api.authentication.SessionAuthentication",
]


def rest_framework() -> dict[str, Any]:
    """``REST_FRAMEWORK``: JSON only, decimals as strings, cursor pages, problems as errors.

    What a caller shows on purpose counts before the cookie that a browser sends by itself.
    """
    return {
        "DEFAULT_AUTHENTICATION_CLASSES": [*_RECOGNISED, "mimic.api.authentication.Stranger"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["mimic.api.rendering.PrivateJSON"],
        "DEFAULT_PARSER_CLASSES": ["mimic.api.parsing.NestedJSON"],
        "DEFAULT_PAGINATION_CLASS": "mimic.api.pagination.NewestFirst",
        "DEFAULT_FILTER_BACKENDS": ["mimic.api.filtering.StrictFilterBackend"],
        "DEFAULT_SCHEMA_CLASS": "mimic.api.schema.ApiSchema",
        "EXCEPTION_HANDLER": "mimic.api.exceptions.exception_handler",
        "COERCE_DECIMAL_TO_STRING": True,
        "DATETIME_FORMAT": "iso-8601",
        "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
        "TEST_REQUEST_DEFAULT_FORMAT": "json",
    }


def requests_a_minute() -> dict[str, int]:
    """``API_REQUESTS_A_MINUTE``: of a network nobody is known in, of a person, of a key by tier."""
    return {"address": 60, "person": 300, "standard": 120, "high": 600}


def spectacular(version: str) -> dict[str, Any]:
    """``SPECTACULAR_SETTINGS``: the interfaces are served from our own files."""
    return {
        "TITLE": "MIMIC API",
        "DESCRIPTION": "Decimals are strings, times RFC 3339 UTC, errors problem+json (RFC 9457).",
        "VERSION": version,
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "AUTHENTICATION_WHITELIST": _RECOGNISED,
        "SERVE_INCLUDE_SCHEMA": False,
        "COMPONENT_SPLIT_REQUEST": True,
        "SORT_OPERATIONS": True,
        "POSTPROCESSING_HOOKS": [],  # enums stay with their fields: many are called status
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "REDOC_DIST": "SIDECAR",
    }
