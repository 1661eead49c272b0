"""What the doors keep for a while goes when its time is over, and nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mimic.core.ids import first_id_at
from signals.models import InboxKey, StrayMessage
from signals.services.retention import forget_old

pytestmark = pytest.mark.django_db


def _key(mark: bytes, *, days_old: float, expires_in_days: float | None) -> None:
    now = timezone.now()
    InboxKey.objects.create(
        digest=mark,
        message_id=first_id_at(now - timedelta(days=days_old)),
        refused=False,
        expires_at=None if expires_in_days is None else now + timedelta(days=expires_in_days),
    )


def test_only_keys_that_can_meet_no_message_any_more_are_forgotten() -> None:
    _key(b"expired long ago", days_old=3, expires_in_days=-2)
    _key(b"expired just now", days_old=0, expires_in_days=-0.1)
    _key(b"holds for good", days_old=80, expires_in_days=None)
    _key(b"its message is gone", days_old=120, expires_in_days=None)
    assert forget_old(timezone.now()) == 2
    kept = {bytes(key.digest) for key in InboxKey.objects.all()}
    assert kept == {b"expired just now", b"holds for good"}


def test_a_stray_is_forgotten_after_seven_days_of_silence() -> None:
    now = timezone.now()
    for address, days in (("192.0.2.1", 8), ("192.0.2.2", 6)):
        StrayMessage.objects.create(
            door="tradingview", remote_address=address, code="door.refused", excerpt="", count=1,
            first_at=now - timedelta(days=30), last_at=now - timedelta(days=days),
        )  # fmt: skip
    assert forget_old(now) == 1
    assert StrayMessage.objects.get().remote_address == "192.0.2.2"
