"""Under ``/accounts/``: signing in and up, and what protects it.

allauth's own routes of second factors are named one by one, so that those which keep readable
recovery codes, or let staff drop their last factor, do not exist.
"""

from __future__ import annotations

from allauth.mfa.base import views as codes
from allauth.mfa.totp import views as apps
from allauth.mfa.webauthn import views as passkeys
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.pages import doors, factors, proofs, sessions, telegram

_second_factor = [
    path("", factors.index, name="mfa_index"),
    path("authenticate/", codes.authenticate, name="mfa_authenticate"),
    path("reauthenticate/", codes.reauthenticate, name="mfa_reauthenticate"),
    path("totp/activate/", apps.activate_totp, name="mfa_activate_totp"),
    # allauth sends people here who open the page above and have an app already
    path("totp/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_deactivate_totp"),
    path("passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path(
        "passkeys/reauthenticate/",
        passkeys.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    path("passkeys/proof", proofs.proof, name="passkey-proof"),
    path("remove/<int:authenticator_id>/", factors.remove, name="factor-remove"),
    path("recovery-codes/", factors.recovery_codes, name="recovery-codes"),
]

urlpatterns = [
    path("login/", doors.login, name="account_login"),
    path("signup/", doors.signup, name="account_signup"),
    path("password/reset/", doors.password_reset, name="account_reset_password"),
    path("", include("allauth.account.urls")),
    path("2fa/", include(_second_factor)),
    path("telegram/", telegram.index, name="telegram"),
    path("telegram/start", telegram.start, name="telegram-start"),
    path("telegram/link", telegram.link, name="telegram-link"),
    path("telegram/back", telegram.back, name="telegram-back"),
    path("telegram/unlink", telegram.unlink, name="telegram-unlink"),
    path("sessions/", sessions.index, name="sessions"),
    path("sessions/end-others", sessions.end_others, name="sessions-end-others"),
    path("sessions/<uuid:session_id>/end", sessions.end, name="session-end"),
    path("sessions/programs/<uuid:sign_in_id>/end", sessions.end_program, name="program-end"),
]
