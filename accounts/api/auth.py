"""Signing in for programs: an access token of 15 minutes and a refresh token that works once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.challenges.programs import ProofNeeded
from accounts.challenges.work import LONGEST as LONGEST_WORK
from accounts.lockout import PER_ADDRESS
from accounts.services.programs import SignInRefused, sign_in_program
from accounts.services.telegram import sign_in_mini_app
from accounts.telegram.checks import LONGEST, read_init_data
from accounts.tokens.families import Program, RefreshRefused, Tokens, log_out, refresh_family
from mimic.api.bodies import valid_body
from mimic.api.contract import refuses
from mimic.api.fields import Moment, Text
from mimic.api.limits import hold
from mimic.core.network import client_ip, neighbourhood, storable_address


class LoginIn(serializers.Serializer[Any]):
    email = Text(max_length=254)
    password = Text(max_length=128, write_only=True, trim_whitespace=False)
    code = Text(
        max_length=40, required=False, allow_blank=True, default="", write_only=True,
        help_text="From the authenticator app, or a recovery code; needed if you have one.",
    )  # fmt: skip
    program = Text(
        max_length=80, required=False, allow_blank=True, default="",
        help_text="What you will know this sign-in by.",
    )  # fmt: skip
    work = Text(
        max_length=LONGEST_WORK, required=False, allow_blank=True, default="", write_only=True,
        help_text="The solved puzzle of an auth.proof_needed answer.",
    )  # fmt: skip


class MiniAppIn(serializers.Serializer[Any]):
    init_data = Text(
        max_length=LONGEST, write_only=True, trim_whitespace=False,
        help_text="Telegram.WebApp.initData, as it is.",
    )  # fmt: skip
    code = Text(
        max_length=40, required=False, allow_blank=True, default="", write_only=True,
        help_text="From the authenticator app, or a recovery code; needed if you have one.",
    )  # fmt: skip


class RefreshIn(serializers.Serializer[Any]):
    refresh_token = Text(max_length=100, write_only=True)


class TokensOut(serializers.Serializer[Tokens]):
    access_token = serializers.CharField(source="access", help_text="Authorization: Bearer …")
    expires_in = serializers.IntegerField(help_text="Seconds the access token lives.")
    refresh_token = serializers.CharField(source="refresh", help_text="Works once.")
    refresh_expires_at = Moment(help_text="Refresh before, or sign in again.")


class _Open(APIView):
    """Nobody is signed in yet, and no cookie is read: so there is nothing to forge either."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class Login(_Open):
    @extend_schema(request=LoginIn, responses=TokensOut, operation_id="auth_login")
    @refuses(SignInRefused, ProofNeeded)
    def post(self, request: Request) -> Response:
        """Sign a program in. The refusal is the same whatever was wrong. After two of them, or
        while many fail, a puzzle is to be solved for each attempt.
        """
        given = valid_body(LoginIn, request)
        label, now = given.pop("program"), timezone.now()
        program = Program(label, storable_address(client_ip(request._request)))
        tokens = sign_in_program(request=request._request, program=program, now=now, **given)
        return Response(TokensOut(tokens).data)


class MiniApp(_Open):
    @extend_schema(request=MiniAppIn, responses=TokensOut, operation_id="auth_telegram")
    @refuses(SignInRefused)
    def post(self, request: Request) -> Response:
        """Sign a Telegram Mini App in by its initData, which is good once within ten minutes; keep
        the tokens over a reload. The refusal is the same whatever was wrong.
        """
        given, now = valid_body(MiniAppIn, request), timezone.now()
        token = settings.TELEGRAM_BOT_TOKEN
        told = read_init_data(given["init_data"], token=token, now=now) if token else None
        program = Program("Telegram Mini App", storable_address(client_ip(request._request)))
        tokens = sign_in_mini_app(
            request=request._request, told=told, code=given["code"], program=program, now=now
        )
        return Response(TokensOut(tokens).data)


class Refresh(_Open):
    @extend_schema(request=RefreshIn, responses=TokensOut, operation_id="auth_refresh")
    @refuses(RefreshRefused)
    def post(self, request: Request) -> Response:
        """New tokens for a refresh token, which is spent. One that comes twice ends the sign-in:
        keep the newest, and never refresh from two places.
        """
        _hold(request)
        given = valid_body(RefreshIn, request)
        tokens = refresh_family(token=given["refresh_token"], now=timezone.now())
        return Response(TokensOut(tokens).data)


class Logout(_Open):
    @extend_schema(request=RefreshIn, responses={204: None}, operation_id="auth_logout")
    def post(self, request: Request) -> Response:
        """End the sign-in of a refresh token, with all its access tokens; twice is once."""
        _hold(request)
        log_out(token=valid_body(RefreshIn, request)["refresh_token"], now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _hold(request: Request) -> None:
    hold(request, PER_ADDRESS, neighbourhood(client_ip(request._request)))
