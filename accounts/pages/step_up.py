"""Pages for those who have proved within five minutes who they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from allauth.account.decorators import reauthentication_required
from django.http import HttpResponse

View = TypeVar("View", bound=Callable[..., HttpResponse])


def proved_recently(view: View) -> View:
    """Others are asked for their second factor, or their password if they have none, and return.

    What may move money asks for a fresh code instead, each time (``verify_second_factor``).
    """
    guarded: View = reauthentication_required(app="allauth.mfa")(view)
    return guarded
