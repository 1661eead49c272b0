"""Fields that mean one thing in every request and answer."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from rest_framework import serializers


class Amount(serializers.DecimalField):
    """Money, a price or a quantity as a plain decimal string: ``"0.013"``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=38, decimal_places=18, normalize_output=True, **kwargs)


class Percent(serializers.DecimalField):
    """Percent as people write it, ``"2.5"`` for 2.5 %, to four places."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=24, decimal_places=4, normalize_output=True, **kwargs)


class Moment(serializers.DateTimeField):
    """RFC 3339 in UTC, whatever zone the person reads pages in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)


class Text(serializers.CharField):
    """A JSON string of a request; the parent takes numbers for text as well."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ShortList(serializers.ListField):
    """``max_length`` is looked at first: DRF itself reads all of a long list before it refuses."""

    def to_internal_value(self, data: Any) -> list[Any]:
        most = self.max_length
        if isinstance(data, list) and most is not None and len(data) > most:
            self.fail("max_length", max_length=most)
        found: list[Any] = super().to_internal_value(data)
        return found


class ShortDict(serializers.DictField):
    """The same for names and values; DRF's own has no bound at all."""

    default_error_messages = {"max_length": "At most {max_length} names."}

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict) and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        found: dict[str, Any] = super().to_internal_value(data)
        return found
