"""The simulated Bybit as a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulators.bybit.calls import Call, read_call
from tests.simulators.bybit.errors import Refusal, refusal
from tests.simulators.bybit.limits import Limits
from tests.simulators.bybit.routes import ROUTES
from tests.simulators.bybit.stream import BybitStream
from tests.simulators.bybit.venue import Venue
from tests.simulators.swaps.calls import Request
from tests.simulators.swaps.server import SwapSimulator


class BybitSimulator(SwapSimulator[Venue, Call]):
    def new_venue(self, limit_scale: int) -> Venue:
        return Venue(limits=Limits(limit_scale))

    def new_stream(self, venue: Venue) -> BybitStream:
        stream = BybitStream(venue)
        venue.tell_exit = stream.tell_exit
        return stream

    def clear_faults(self) -> None:
        super().clear_faults()
        ways = self.venue.ways
        ways.match_lag, ways.cancel_lag, ways.reject_next, ways.keeps_ended = 0, 0, 0, True

    def read(self, request: Request) -> Call:
        return read_call(request)

    def execute(self, call: Call) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        now = self.venue.clock.now()
        headers: dict[str, str] = {}
        try:
            result = self._result(call, now, headers)
        except Refusal as refused:
            refused.at, refused.headers = now, {**headers, **refused.headers}
            raise
        told = {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": now}
        return told, headers

    def _result(self, call: Call, now: int, headers: dict[str, str]) -> dict[str, Any]:
        """Limits, authentication, endpoint; ``headers`` gets what the answer tells of limits."""
        venue, route = self.venue, ROUTES.get(call.endpoint)
        venue.limits.admit(call.ip, now)
        if venue.modes.maintenance:
            raise Refusal(10016, "Server error.", 503)
        if route is None:
            raise refusal(10017)
        venue.work()
        if not route.public:
            call.authenticate(venue)
            headers |= venue.limits.charge(call.endpoint, call.account.name, route.limit, now)
        return route.run(venue, call)
