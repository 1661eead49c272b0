from accounts.models.consents import Consent, ConsentKind, ConsentText
from accounts.models.second_factor import OtpUsed, TotpDevice
from accounts.models.user import STAFF_ROLES, Role, Theme, User

__all__ = [
    "STAFF_ROLES",
    "Consent",
    "ConsentKind",
    "ConsentText",
    "OtpUsed",
    "Role",
    "Theme",
    "TotpDevice",
    "User",
]
