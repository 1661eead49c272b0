"""The simulated OKX as a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulators.okx.calls import Call, Envelope, read_call
from tests.simulators.okx.errors import Refusal, refusal
from tests.simulators.okx.limits import Limits
from tests.simulators.okx.routes import ROUTES
from tests.simulators.okx.stream import OkxStream
from tests.simulators.okx.venue import Venue
from tests.simulators.swaps.calls import Request
from tests.simulators.swaps.server import SwapSimulator


class OkxSimulator(SwapSimulator[Venue, Call]):
    def new_venue(self, limit_scale: int) -> Venue:
        return Venue(limits=Limits(limit_scale))

    def new_stream(self, venue: Venue) -> OkxStream:
        return OkxStream(venue)

    def read(self, request: Request) -> Call:
        return read_call(request)

    def execute(self, call: Call) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        venue, route = self.venue, ROUTES.get(call.endpoint)
        if venue.modes.maintenance:
            raise refusal("50001")
        if route is None:
            raise Refusal("404", "Not Found", 404)
        if not route.public:
            call.authenticate(venue)
        who = call.ip if route.public else call.account.name
        key = (call.endpoint, who, str(call.parameters.get("instId", "")) if route.orders else "")
        venue.limits.charge(key, route.limit, venue.clock.now(), count=max(1, len(call.items)))
        answer = route.run(venue, call)
        if isinstance(answer, Envelope):
            return {"code": answer.code, "data": answer.data, "msg": answer.message}, {}
        return {"code": "0", "data": answer, "msg": ""}, {}
