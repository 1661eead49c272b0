"""What ``mimic.settings`` needs for the API: Django REST framework and the schema."""

from __future__ import annotations

from typing import Any


def rest_framework() -> dict[str, Any]:
    """``REST_FRAMEWORK``: JSON only, decimals as strings, cursor pages, problems as errors.

    What a caller shows on purpose counts before the cookie that a browser sends by itself.
    """
    return {
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "accounts.api.authentication.TokenAuthentication",
            "mimic.api.authentication.SessionAuthentication",
        ],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["mimic.api.rendering.PrivateJSON"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "DEFAULT_PAGINATION_CLASS": "mimic.api.pagination.NewestFirst",
        "DEFAULT_FILTER_BACKENDS": ["mimic.api.filtering.StrictFilterBackend"],
        "DEFAULT_SCHEMA_CLASS": "mimic.api.schema.ApiSchema",
        "EXCEPTION_HANDLER": "mimic.api.exceptions.exception_handler",
        "COERCE_DECIMAL_TO_STRING": True,
        "DATETIME_FORMAT": "iso-8601",
        "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
        "TEST_REQUEST_DEFAULT_FORMAT": "json",
    }


def spectacular(version: str) -> dict[str, Any]:
    """``SPECTACULAR_SETTINGS``: the interfaces are served from our own files."""
    return {
        "TITLE": "MIMIC API",
        "DESCRIPTION": "Decimals are strings, times RFC 3339 UTC, errors problem+json (RFC 9457).",
        "VERSION": version,
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "SERVE_INCLUDE_SCHEMA": False,
        "COMPONENT_SPLIT_REQUEST": True,
        "SORT_OPERATIONS": True,
        "POSTPROCESSING_HOOKS": [],  # enums stay with their fields: many are called status
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "REDOC_DIST": "SIDECAR",
    }
