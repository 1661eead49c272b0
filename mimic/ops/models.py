"""Signs of life of the long-running processes."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """``name`` is what a process does ("sentinel"), ``instance`` which of them it is."""

    name = models.CharField(max_length=64)
    instance = models.CharField(max_length=64)
    beat_at = models.DateTimeField(db_index=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "instance"], name="one_heartbeat_an_instance")
        ]

    def __str__(self) -> str:
        return f"{self.name}@{self.instance}"
