"""Unfold's settings; what the console shows comes from registries in mimic.console."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static

# Unfold wants a ramp; these are the shades of the Professional theme's primary, #0b5fcc.
_PRIMARY = {
    "50": "#eff6ff",
    "100": "#dbeafe",
    "200": "#bdd8fb",
    "300": "#8fbdf7",
    "400": "#5a9af0",
    "500": "#2f7ae3",
    "600": "#0b5fcc",
    "700": "#0a4fab",
    "800": "#0c4289",
    "900": "#0f386f",
    "950": "#0a2349",
}


def _static(path: str) -> Any:
    def address(request: HttpRequest) -> str:
        return static(path)

    return address


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "MIMIC",
    "SITE_HEADER": "MIMIC",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static("img/icon.svg")}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "ENVIRONMENT": "mimic.console.site.environment_badge",
    "COLORS": {"primary": _PRIMARY},
    "STYLES": [_static("console/console.css")],
    "SCRIPTS": [_static("console/console.js")],
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": "mimic.console.sidebar.navigation",
    },
}
