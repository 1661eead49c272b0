"""Reading people."""

from __future__ import annotations

from accounts.models import TotpDevice, User


def totp_device(user: User) -> TotpDevice | None:
    """The person's second factor, or None."""
    devices = TotpDevice.objects.select_related("authenticator").filter(user_id=user.pk)
    found: TotpDevice | None = devices.first()
    return found
