"""Sockets' addresses."""

from __future__ import annotations

from django.urls import path

from mimic.web.consumers import SocketConsumer

websocket_urlpatterns = [path("ws/", SocketConsumer.as_asgi())]
