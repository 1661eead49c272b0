"""People: sign-in by e-mail, Argon2id, one second factor."""

from __future__ import annotations

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "accounts.permissions.RolePermissions",
]
PASSWORD_HASHERS = ["accounts.hashing.BoundedArgon2"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {
    "login": "accounts.challenges.forms.LoginForm",
    "signup": "accounts.challenges.forms.SignupForm",
    "reset_password": "accounts.challenges.forms.ResetForm",
}
CAPTCHA_VERIFY_URL = ""  # the service's own; tests put a simulator in its place
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before the address changes, too
ACCOUNT_CHANGE_EMAIL = True  # one address; the new one counts from when it is confirmed
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody gets in before the first is confirmed, see above
ACCOUNT_EMAIL_NOTIFICATIONS = True  # of every change to what lets a person in
ACCOUNT_ADAPTER = "accounts.adapter.GuardedAccountAdapter"
# Its counts by account or mailbox refuse, so anybody could lock anybody out: ours do not.
ACCOUNT_RATE_LIMITS = {"login_failed": None, "reset_password": None}
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]  # recovery codes are ours: shown once, hashed
MFA_TOTP_ISSUER = "MIMIC"
MFA_TOTP_TOLERANCE = 1
MFA_ADAPTER = "accounts.adapter.EncryptingMfaAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "authenticate_webauthn": "accounts.forms.AuthenticatePasskeyForm",
    "reauthenticate_webauthn": "accounts.forms.ReauthenticatePasskeyForm",
    "activate_totp": "accounts.forms.ActivateTotpForm",
}
