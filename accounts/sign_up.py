"""Signing up: the same answer after the same work, whether the address has an account or not."""

from __future__ import annotations

from allauth.account.forms import SignupForm as AllauthSignupForm
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from accounts.challenges.suspicion import suspected
from accounts.hashing import place_for_a_hash
from accounts.models import User
from mimic.core.network import client_ip


class SignupForm(AllauthSignupForm):  # type: ignore[misc]
    """allauth's form tells nobody; the time it takes must not either, and nor must a race."""

    account_already_exists: bool

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """The new person, or the answer for an address that is taken (its owner gets a mail).

        Raises :class:`mimic.core.errors.TooManyRequests` where there is no room for a hash. No mail
        goes out while there is one: a slow server of mails would keep others from signing in.
        """
        proved = suspected(client_ip(request))  # then the form let nobody here who had not worked
        if self.account_already_exists:
            with place_for_a_hash(proved=proved):
                make_password(self.cleaned_data["password1"])  # what a new account would have cost
            return self._taken(request)
        try:
            with place_for_a_hash(proved=proved), transaction.atomic():
                made: tuple[User | None, HttpResponse | None] = super().try_save(request)
                return made
        except IntegrityError:  # the other one of two sign-ups at the same moment was first
            self.account_already_exists = True
            return self._taken(request)

    def _taken(self, request: HttpRequest) -> tuple[None, HttpResponse]:
        _nobody, answer = super().try_save(request)
        return None, answer
