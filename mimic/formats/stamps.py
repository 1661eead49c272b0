"""Formats of Django's template filter ``date``."""

from __future__ import annotations

DATETIME_FORMAT = "Y-m-d H:i:s T"
DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i:s"
