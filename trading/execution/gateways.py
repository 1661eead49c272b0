"""Routes to gateways, one each a process and loop."""

from __future__ import annotations

from django.conf import settings

from mimic.core.thread_connections import in_thread
from trading.domain.ports import Gateway, gateway_factory
from trading.models import Venue
from trading.paper.gateway import PaperGateway
from trading.paper.quotes import all_quotes
from trading.paper.room import rooms_of

PAPER = "paper"


def open_gateway(route: str, adapter: str) -> Gateway:
    """A new gateway for the route; call it inside the loop that will use it.

    Raises KeyError for an adapter that this process did not load.
    """
    return gateway_factory(adapter)(route, settings.VENUE_URLS.get(route, ""))


def adapter_of(route: str) -> str:
    """The adapter that speaks for a route: the catalogue's word. Raises Venue.DoesNotExist."""
    if route == PAPER:
        return PAPER
    adapter: str = Venue.objects.values_list("adapter", flat=True).get(code=route)
    return adapter


def paper_gateway(route: str, base_url: str) -> Gateway:
    """The paper adapter's factory; it has no hosts."""
    return PaperGateway(in_thread(all_quotes), in_thread(rooms_of))
