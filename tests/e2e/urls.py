"""Every route of the project, and addresses that fail as asked."""

from __future__ import annotations

from django.urls import path

from mimic.urls import handler400, handler403, handler404, handler500
from mimic.urls import urlpatterns as real
from tests.core.urls import fail

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [*real, path("fail/<fault>", fail)]
