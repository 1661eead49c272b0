from accounts.models.addresses import AddressRule
from accounts.models.api_keys import ApiKey, ApiKeyDay, KeyTier
from accounts.models.consents import Consent, ConsentKind, ConsentText
from accounts.models.second_factor import (
    OtpUsed,
    PasskeyDevice,
    PasskeyUsed,
    RecoveryCode,
    TotpDevice,
)
from accounts.models.sessions import BrowserSession
from accounts.models.telegram import TelegramAccount, TelegramUsed
from accounts.models.tokens import EndedBy, RefreshToken, SigningKey, TokenFamily
from accounts.models.user import STAFF_ROLES, Role, Theme, User

__all__ = [
    "STAFF_ROLES",
    "AddressRule",
    "ApiKey",
    "ApiKeyDay",
    "BrowserSession",
    "Consent",
    "ConsentKind",
    "ConsentText",
    "EndedBy",
    "KeyTier",
    "OtpUsed",
    "PasskeyDevice",
    "PasskeyUsed",
    "RecoveryCode",
    "RefreshToken",
    "Role",
    "SigningKey",
    "TelegramAccount",
    "TelegramUsed",
    "Theme",
    "TokenFamily",
    "TotpDevice",
    "User",
]
