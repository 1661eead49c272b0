"""What Django's cache keeps in Redis: JSON, never pickle, which runs whatever it is given."""

from __future__ import annotations

from typing import Any

import orjson


class JsonSerializer:
    """In place of Django's pickling one. Whole numbers stay plain, so that Redis can count them."""

    def dumps(self, value: Any) -> Any:
        """Raises TypeError for what is no JSON."""
        if type(value) is int:
            return value
        return orjson.dumps(value)

    def loads(self, data: bytes) -> Any:
        """Raises ValueError for what :meth:`dumps` did not write."""
        return orjson.loads(data)
