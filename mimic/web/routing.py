"""Sockets' addresses, and who is there."""

from __future__ import annotations

from channels.routing import URLRouter
from django.urls import path

from mimic.web.consumers import SocketConsumer
from mimic.web.sign_in import with_person

websocket_application = with_person(URLRouter([path("ws/", SocketConsumer.as_asgi())]))
