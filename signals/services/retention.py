"""What the doors keep for a while only: strays, and the keys of messages that have left."""

from __future__ import annotations

from datetime import datetime, timedelta

from mimic.core.ids import first_id_at
from signals.models import InboxKey
from signals.services.strays import forget_strays

MESSAGES_KEPT = timedelta(days=90)  # the inbox's partitions leave then
AT_ONCE = 10_000


def forget_old(now: datetime) -> int:
    """Sweeper: delete what is past its time, a bounded number at once; returns how many."""
    return forget_strays(now) + _forget_keys(now)


def _forget_keys(now: datetime) -> int:
    """Expired keys, and those without an end once their message is gone as well."""
    expired = InboxKey.objects.filter(expires_at__lte=now - timedelta(days=1))
    orphaned = InboxKey.objects.filter(
        expires_at=None, message_id__lt=first_id_at(now - MESSAGES_KEPT)
    )
    gone = 0
    for keys in (expired, orphaned):
        digests = list(keys.values_list("digest", flat=True)[:AT_ONCE])
        deleted, _rows = InboxKey.objects.filter(digest__in=digests).delete()
        gone += deleted
    return gone
