"""The simulated Coinbase as a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulators.coinbase.calls import Call, read_call
from tests.simulators.coinbase.errors import refusal
from tests.simulators.coinbase.limits import Limits
from tests.simulators.coinbase.routes import route_of
from tests.simulators.coinbase.stream import CoinbaseStream
from tests.simulators.coinbase.venue import Venue
from tests.simulators.swaps.calls import Request
from tests.simulators.swaps.server import SwapSimulator


class CoinbaseSimulator(SwapSimulator[Venue, Call]):
    def new_venue(self, limit_scale: int) -> Venue:
        return Venue(limits=Limits(limit_scale))

    def new_stream(self, venue: Venue) -> CoinbaseStream:
        return CoinbaseStream(venue)

    def read(self, request: Request) -> Call:
        return read_call(request)

    def execute(self, call: Call) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        venue, route = self.venue, route_of(call.endpoint)
        if venue.modes.maintenance:
            raise refusal("UNAVAILABLE", "maintenance")
        if route is None:
            raise refusal("NOT_FOUND", "Not Found")
        if not route.public:
            call.authenticate(venue)
        who = call.ip if route.public else call.account.name
        headers = venue.limits.charge(who, public=route.public, now=venue.clock.now())
        return route.run(venue, call), headers
