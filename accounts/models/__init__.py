from accounts.models.consents import Consent, ConsentKind, ConsentText
from accounts.models.second_factor import OtpUsed, TotpDevice
from accounts.models.tokens import EndedBy, RefreshToken, SigningKey, TokenFamily
from accounts.models.user import STAFF_ROLES, Role, Theme, User

__all__ = [
    "STAFF_ROLES",
    "Consent",
    "ConsentKind",
    "ConsentText",
    "EndedBy",
    "OtpUsed",
    "RefreshToken",
    "Role",
    "SigningKey",
    "Theme",
    "TokenFamily",
    "TotpDevice",
    "User",
]
