"""Endpoints that end in every way."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from mimic.api.idempotency import idempotent
from mimic.core.errors import Conflict


class Leg(serializers.Serializer[object]):
    price = serializers.DecimalField(max_digits=38, decimal_places=18)


class Body(serializers.Serializer[object]):
    symbol = serializers.CharField()
    legs = Leg(many=True)


class Orders(APIView):
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        body = Body(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(body.data)


class Private(APIView):
    def get(self, request: Request) -> Response:
        return Response({})


class Broken(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        raise RuntimeError("the secret inner state")


class Exposing(APIView):
    """Breaks, or refuses, as its body says."""

    @idempotent
    def post(self, request: Request) -> Response:
        given: Any = request.data
        if given["end"] == "broken":
            raise RuntimeError("after the deed, perhaps")
        if given["end"] == "refused":
            raise Conflict()
        return Response(given)


class OnceADay(SimpleRateThrottle):
    rate = "1/day"
    scope = "tests"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return "tests.once-a-day"


class Throttled(APIView):
    permission_classes = [AllowAny]
    throttle_classes = [OnceADay]

    def get(self, request: Request) -> Response:
        return Response({})


handler500 = "mimic.core.error_views.server_error"
urlpatterns = [
    path("api/v1/orders", Orders.as_view()),
    path("api/v1/private", Private.as_view()),
    path("api/v1/broken", Broken.as_view()),
    path("api/v1/exposing", Exposing.as_view()),
    path("api/v1/throttled", Throttled.as_view()),
]
