"""Model fields that mean one thing everywhere."""

from __future__ import annotations

from typing import Any

from django.db import models

from mimic.core.ids import TimeId, uuid7


class AmountField(models.DecimalField):  # type: ignore[type-arg]
    """``numeric(38,18)``: money, prices and quantities. The currency stands beside it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=38, decimal_places=18)
        super().__init__(*args, **kwargs)


class PercentField(models.DecimalField):  # type: ignore[type-arg]
    """Percent as people write it: 2 means 2 %."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=9, decimal_places=4)
        super().__init__(*args, **kwargs)


class HotModel(models.Model):
    """A row of a hot table: time-ordered 64-bit id from the database, no other clock needed."""

    id = models.BigIntegerField(primary_key=True, db_default=TimeId(), editable=False)

    class Meta:
        abstract = True


class PublicModel(models.Model):
    """A row that outsiders name: they see the UUIDv7, never the key."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)

    class Meta:
        abstract = True
