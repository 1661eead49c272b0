"""Venues are enabled and disabled; a disabled one takes part in no decision to open."""

from __future__ import annotations

from django.db import transaction

from trading.models import Venue


@transaction.atomic(durable=True)
def enable_venue(*, venue: Venue) -> bool:
    """Command: False if it was enabled already."""
    return bool(Venue.objects.filter(pk=venue.pk, enabled=False).update(enabled=True))


@transaction.atomic(durable=True)
def disable_venue(*, venue: Venue) -> bool:
    """Command: False if it was disabled already."""
    return bool(Venue.objects.filter(pk=venue.pk, enabled=True).update(enabled=False))


@transaction.atomic(durable=True)
def require_approval(*, venue: Venue, required: bool) -> bool:
    """Command: whether new accounts wait for an operator; False if it was so already.

    Accounts that are connected keep their state.
    """
    other = Venue.objects.filter(pk=venue.pk).exclude(needs_approval=required)
    return bool(other.update(needs_approval=required))
