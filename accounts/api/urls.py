"""Under ``/api/v1/``: the person who asks."""

from __future__ import annotations

from django.urls import path

from accounts.api import consents, me

urlpatterns = [
    path("me", me.Me.as_view(), name="me"),
    path("consents", consents.Consents.as_view(), name="consents"),
    path("consents/withdraw", consents.WithdrawConsent.as_view(), name="consents-withdraw"),
    path("prefs", me.Prefs.as_view(), name="prefs"),
]
