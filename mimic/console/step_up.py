"""A fresh second-factor code, asked for again before a dangerous deed."""

from __future__ import annotations

import django_otp
from django.db import transaction
from django.http import HttpRequest


@transaction.atomic(durable=True)
def code_is_fresh(request: HttpRequest, code: str) -> bool:
    """Spend the code on the device that verified this session; durable, so it stays spent."""
    device = request.user.otp_device  # type: ignore[union-attr]
    return django_otp.verify_token(request.user, device.persistent_id, code) is not None
