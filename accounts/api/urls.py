"""Under ``/api/v1/``: the person who asks, and how programs sign in."""

from __future__ import annotations

from django.urls import path

from accounts.api import auth, consents, me

urlpatterns = [
    path("auth/login", auth.Login.as_view(), name="auth-login"),
    path("auth/refresh", auth.Refresh.as_view(), name="auth-refresh"),
    path("auth/logout", auth.Logout.as_view(), name="auth-logout"),
    path("me", me.Me.as_view(), name="me"),
    path("consents", consents.Consents.as_view(), name="consents"),
    path("consents/withdraw", consents.WithdrawConsent.as_view(), name="consents-withdraw"),
    path("prefs", me.Prefs.as_view(), name="prefs"),
]
