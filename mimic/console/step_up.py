"""A fresh second factor, asked for again before a dangerous deed."""

from __future__ import annotations

import django_otp
from django.db import transaction
from django.forms import Field, Script
from django.http import HttpRequest
from django.utils.translation import gettext

LONGEST_PROOF = 64  # a code has six digits, what a passkey gives in its place some more
PASSKEY_SCRIPT = Script("js/passkey.js", type="module")


@transaction.atomic(durable=True)
def code_is_fresh(request: HttpRequest, code: str) -> bool:
    """Spend the code on whichever device of the person takes it; durable, so it stays spent."""
    return django_otp.match_token(request.user, code.strip()) is not None


def proof_address(request: HttpRequest) -> str:
    """Where a passkey of theirs makes a proof that stands for a code; empty if they have none."""
    devices = django_otp.devices_for_user(request.user)
    return next((found for each in devices if (found := getattr(each, "proof_url", ""))), "")


def offer_passkey(field: Field, address: str) -> None:
    """``passkey.js`` puts a button beside the field that fills it from a passkey."""
    if address:
        field.widget.attrs |= {
            "data-proof": address,
            "data-proof-label": gettext("Use a passkey"),
            "data-proof-failed": gettext("The passkey was not accepted. Try again."),
        }
