"""A program signs in with what its person knows and has."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.http import HttpRequest

from accounts.challenges.programs import demand_work
from accounts.challenges.suspicion import note
from accounts.hashing import place_for_a_hash
from accounts.lockout import Attempt, guarded
from accounts.models import User
from accounts.selectors import second_factor_of
from accounts.services.second_factor import accept_login_code
from accounts.sign_in_trail import FAILED
from accounts.tokens.families import Program, Tokens, begin_family
from mimic.audit.services import record
from mimic.core.errors import MimicError
from mimic.core.network import client_ip
from mimic.ops.metrics import auth_login


class SignInRefused(MimicError):
    """Address, password or code: which of them is not told, nor whether the person exists."""

    code, status, title = "auth.refused", 401, "E-mail address, password or code is wrong"


def sign_in_program(
    *,
    request: HttpRequest,
    email: str,
    password: str,
    code: str,
    work: str,
    program: Program,
    now: datetime,
) -> Tokens:
    """Command: tokens for a person's program. ``work`` is what suspected callers owe.

    Raises :class:`SignInRefused`, ProofNeeded, and TooManyRequests for who has failed too often
    (lockout).
    """
    attempt = Attempt(account=email, address=client_ip(request))

    def check() -> tuple[User, bool] | None:
        worked = demand_work(answer=work, address=attempt.address)
        with place_for_a_hash(proved=worked):
            return _proved(request, email, password, code)

    proved = guarded(attempt, check)
    auth_login.labels("refused" if proved is None else "signed_in").inc()
    if proved is None:
        note(attempt.address)
        raise SignInRefused
    user, second_factor = proved
    return begin_family(user=user, program=program, second_factor=second_factor, now=now)


def _proved(request: HttpRequest, email: str, password: str, code: str) -> tuple[User, bool] | None:
    """Who it is, and whether they have shown a second factor.

    The code is looked at once the password is right, so that nobody else can make the app wait.
    """
    user = authenticate(request, email=email, password=password)
    if not isinstance(user, User):
        return None
    if not _address_is_proved(user):
        record(FAILED, about=user, facts={"why": "unconfirmed address"})
        return None
    shown = second_factor_shown(user=user, code=code)
    return None if shown is None else (user, shown)


def second_factor_shown(*, user: User, code: str) -> bool | None:
    """False for who has none and needs none; None if the code is wrong, or staff have none."""
    if second_factor_of(user) is None:
        return None if user.is_staff else False
    return True if accept_login_code(user=user, code=code) is not None else None


def _address_is_proved(user: User) -> bool:
    return bool(EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists())
