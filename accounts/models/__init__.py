from accounts.models.second_factor import OtpUsed, TotpDevice
from accounts.models.user import STAFF_ROLES, Role, Theme, User

__all__ = ["STAFF_ROLES", "OtpUsed", "Role", "Theme", "TotpDevice", "User"]
