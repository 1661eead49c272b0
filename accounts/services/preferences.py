"""How a person wants to be called and to see things: theme, colours, zone, language, currency."""

from __future__ import annotations

from typing import TypedDict

from django.db import transaction

from accounts.models import User


class Preferences(TypedDict, total=False):
    """What is left out stays as it is; values are the model's own choices, checked by callers."""

    display_name: str
    theme: str
    colour_blind: bool
    red_is_up: bool
    time_zone: str
    locale: str
    base_currency: str


@transaction.atomic(durable=True)
def set_preferences(*, person: User, wanted: Preferences) -> User:
    """Command: keep them; the person with what is in force now."""
    row = User.objects.select_for_update().get(pk=person.pk)
    for name, value in wanted.items():
        setattr(row, name, value)
    if wanted:
        row.save(update_fields=[*wanted])
    return row
