"""The simulated Upbit as a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulators.swaps.calls import Request
from tests.simulators.swaps.server import SwapSimulator
from tests.simulators.upbit.calls import Call, read_call
from tests.simulators.upbit.errors import Refusal
from tests.simulators.upbit.limits import Limits
from tests.simulators.upbit.routes import ROUTES
from tests.simulators.upbit.stream import UpbitStream
from tests.simulators.upbit.venue import Venue


class UpbitSimulator(SwapSimulator[Venue, Call]):
    def new_venue(self, limit_scale: int) -> Venue:
        return Venue(limits=Limits(limit_scale))

    def new_stream(self, venue: Venue) -> UpbitStream:
        return UpbitStream(venue)

    def read(self, request: Request) -> Call:
        return read_call(request)

    def status(self, call: Call) -> int:
        return ROUTES[call.endpoint].status

    def execute(self, call: Call) -> tuple[Any, Mapping[str, str]]:
        venue, route = self.venue, ROUTES.get(call.endpoint)
        if venue.modes.maintenance:
            raise Refusal("server_error")
        if route is None:
            raise Refusal("validation_error")
        if not route.public:
            call.authenticate(venue)
        who = call.ip if route.public else call.account.name
        headers = venue.limits.charge(route.group, who, venue.clock.now())
        return route.run(venue, call), headers
