"""Every page there is, by the name of its pictures."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Known:
    """A page by its route; ``part`` of the address is an id of the world by name, or a word."""

    name: str
    route: str
    part: str = ""

    def path(self, ids: dict[str, str]) -> str:
        return reverse(self.route, args=[ids.get(self.part, self.part)] if self.part else [])


TRADER = (
    Known("home", "home"),
    Known("signals", "signals"),
    Known("leaders", "leaders"),
    Known("copy-start", "copy-start", "strategy_id"),
    Known("copies", "copies"),
    Known("copy-settings", "copy-settings", "subscription_id"),
    Known("copy-positions", "copy-legs", "subscription_id"),
    Known("copy-stop", "copy-stop", "subscription_id"),
    Known("copy-join", "copy-join", "subscription_id"),
    Known("receipts", "receipts"),
    Known("receipt", "receipt", "receipt_id"),
    Known("positions", "positions"),
    Known("orders", "orders"),
    Known("order", "order", "order_id"),
    Known("trades", "trades"),
    Known("trade", "trade", "trade_id"),
    Known("accounts", "exchange-accounts"),
    Known("accounts-venues", "exchange-account-venues"),
    Known("account-connect", "exchange-account-connect", "binanceusdm"),
    Known("account", "exchange-account", "exchange_id"),
    Known("account-waiting", "exchange-account", "waiting_id"),
    Known("account-keys", "exchange-account-keys", "exchange_id"),
    Known("account-remove", "exchange-account-remove", "exchange_id"),
    Known("masters", "masters"),
    Known("master", "master", "master_id"),
    Known("master-connect", "master-connect"),
    Known("settings", "settings"),
    Known("consents", "consents"),
)
NEWCOMER = (
    Known("home-new", "home"),
    Known("signals-new", "signals"),
    Known("copies-new", "copies"),
    Known("leaders-new", "leaders"),
    Known("receipts-new", "receipts"),
    Known("positions-new", "positions"),
    Known("orders-new", "orders"),
    Known("trades-new", "trades"),
    Known("accounts-new", "exchange-accounts"),
    Known("masters-new", "masters"),
    Known("sign-in-totp", "mfa_activate_totp"),
)
SECURITY = (
    Known("sign-in-again", "account_reauthenticate"),
    Known("sign-in-again-code", "mfa_reauthenticate"),
    Known("sign-in-email", "account_email"),
    Known("sign-in-password", "account_change_password"),
    Known("sign-in-factors", "mfa_index"),
    Known("sign-in-factor-remove", "factor-remove", "factor_id"),
    Known("sign-in-codes", "recovery-codes"),
    Known("sign-in-passkey-new", "mfa_add_webauthn"),
    Known("sign-in-sessions", "sessions"),
    Known("sign-in-telegram", "telegram"),
    Known("sign-out", "account_logout"),
)
STRANGER = (
    Known("sign-in", "account_login"),
    Known("sign-up", "account_signup"),
    Known("sign-in-reset", "account_reset_password"),
    Known("sign-in-reset-sent", "account_reset_password_done"),
    Known("sign-in-reset-done", "account_reset_password_from_key_done"),
    Known("sign-in-sent", "account_email_verification_sent"),
    Known("sign-in-confirm", "account_confirm_email", "old-key"),
    Known("sign-in-inactive", "account_inactive"),
    Known("sign-in-telegram-back", "telegram-back"),
    Known("problem-types", "problem-types"),
)
ERRORS = (
    ("error-400", "/fail/bad", 400),
    ("error-403", "/fail/denied", 403),
    ("error-404", "/nowhere", 404),
    ("error-409", "/fail/conflict", 409),
    ("error-429", "/fail/flood", 429),
    ("error-500", "/fail/bug", 500),
)
# Not a page of ours: data, files, deeds that lead on, steps within signing in that are shown by
# the tests below or never (no passwordless people, no codes by mail), other people's drawings.
OTHERS = {
    "consent-give", "consent-withdraw", "signal-answer", "start-paper",
    "orders-csv", "positions-csv", "trades-csv", "trades-totals",
    "home-equity", "receipts-csv", "palette", "exchange-account-state", "exchange-account-test",
    "exchange-account-rename", "copy-pause", "copy-resume", "copy-mode", "copy-settings-preview",
    "copy-settings-csv", "copy-legs-csv", "copy-leave", "health", "health-live", "health-ready",
    "version", "metrics", "webhook",
    "webhook-token", "openapi", "api-schema", "api-docs", "api-redoc", "account_set_password",
    "account_confirm_login_code", "account_reset_password_from_key", "mfa_authenticate",
    "mfa_deactivate_totp", "mfa_reauthenticate_webauthn", "passkey-proof",
    "sessions-end-others", "telegram-start", "telegram-link", "telegram-unlink",
    "session-end", "program-end", "impersonation-end",
    "master-moves-csv", "master-rules", "master-change",
}  # fmt: skip
