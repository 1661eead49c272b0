"""Under ``/api/v1/``: the person who asks."""

from __future__ import annotations

from django.urls import path

from accounts.api import me

urlpatterns = [
    path("me", me.Me.as_view(), name="me"),
    path("prefs", me.Prefs.as_view(), name="prefs"),
]
