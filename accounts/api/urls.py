"""Under ``/api/v1/``: the person who asks, and how programs sign in."""

from __future__ import annotations

from django.urls import path

from accounts.api import auth, consents, keys, me, sessions, sign_ins

urlpatterns = [
    path("auth/login", auth.Login.as_view(), name="auth-login"),
    path("auth/telegram", auth.MiniApp.as_view(), name="auth-telegram"),
    path("auth/refresh", auth.Refresh.as_view(), name="auth-refresh"),
    path("auth/logout", auth.Logout.as_view(), name="auth-logout"),
    path("me", me.Me.as_view(), name="me"),
    path("consents", consents.Consents.as_view(), name="consents"),
    path("consents/withdraw", consents.WithdrawConsent.as_view(), name="consents-withdraw"),
    path("me/sign-ins", sign_ins.SignIns.as_view(), name="sign-ins"),
    path("me/sign-ins/<uuid:sign_in_id>", sign_ins.SignIn.as_view(), name="sign-in"),
    path("me/sessions", sessions.Sessions.as_view(), name="me-sessions"),
    path("me/sessions/<uuid:session_id>", sessions.SessionDetail.as_view(), name="me-session"),
    path("api-keys", keys.ApiKeys.as_view(), name="api-keys"),
    path("api-keys/<uuid:key_id>", keys.ApiKeyDetail.as_view(), name="api-key"),
    path("api-keys/<uuid:key_id>/rotate", keys.RotateApiKey.as_view(), name="api-key-rotate"),
    path("api-keys/<uuid:key_id>/usage", keys.ApiKeyUsage.as_view(), name="api-key-usage"),
    path("prefs", me.Prefs.as_view(), name="prefs"),
]
