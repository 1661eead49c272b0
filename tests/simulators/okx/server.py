"""The HTTP side: raw target and body go through the signature check into the engine.

Faults are applied around the engine's synchronous step, as at the Binance simulator.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from tests.simulators.binance import wire
from tests.simulators.binance.faults import AFTER, BEFORE, FaultBook, Script
from tests.simulators.binance.ledger import Arrival
from tests.simulators.loopback import LoopbackServer
from tests.simulators.okx.calls import Call, Envelope, read_call
from tests.simulators.okx.control import COMMANDS
from tests.simulators.okx.errors import Refusal, refusal
from tests.simulators.okx.limits import Limits
from tests.simulators.okx.routes import ROUTES
from tests.simulators.okx.venue import Venue


class OkxSimulator(LoopbackServer):
    """One venue on one port. ``limit_scale`` multiplies its rate limits; 0 switches them off."""

    venue: Venue
    faults: FaultBook
    delay: float  # seconds that every answer of the venue waits

    def __init__(self, *, limit_scale: int = 1, accounts: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__()
        self._limit_scale = limit_scale
        self.reset()
        for settings in accounts:
            self.venue.add_account(settings)

    def reset(self) -> None:
        """Forgets accounts, orders, positions, prices and faults."""
        self.faults, self.delay = FaultBook(), 0.0
        self.venue = Venue(limits=Limits(self._limit_scale))

    def clear_faults(self) -> None:
        """Ends every scripted fault and mode; orders and books stay."""
        self.faults.clear()
        self.delay = 0.0
        self.venue.modes.read_lag, self.venue.modes.maintenance = 0, False
        self.venue.clock.skew_ms = 0

    def command(self, endpoint: str, body: Any) -> dict[str, Any]:
        """A control call (``"POST /_sim/price"``) without HTTP, from any thread."""
        return self.call(lambda: COMMANDS[endpoint](self, body))

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        body = (await request.read()).decode() if request.can_read_body else ""
        path, _, query = request.raw_path.partition("?")
        if path.startswith("/_sim/"):
            return self._control(f"{request.method} {path}", query, body)
        reply = await self._serve(request, body)
        if self.delay:
            await asyncio.sleep(self.delay)
        return reply

    async def _serve(self, request: web.BaseRequest, body: str) -> web.Response:
        call = None
        try:
            call = self._read(request, body)
            if early := await self._fault(BEFORE, request, call, b""):
                return early
            reply = wire.answer(orjson.dumps(self._execute(call)))
        except Refusal as refused:
            reply = wire.answer(orjson.dumps(refused.body), refused.status)
        if call is None:
            return reply
        told = reply.body if isinstance(reply.body, bytes) else b""
        return await self._fault(AFTER, request, call, told) or reply

    def _read(self, request: web.BaseRequest, body: str) -> Call:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        ip, port = peer[:2] if peer else ("", 0)
        arrival = Arrival(self.venue.clock.now(), f"{ip}:{port}")
        return read_call(request.method, request.raw_path, body, request.headers, ip, arrival)

    def _execute(self, call: Call) -> dict[str, Any]:
        """Authentication, limits, endpoint. Raises Refusal."""
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
            return {"code": answer.code, "data": answer.data, "msg": answer.message}
        return {"code": "0", "data": answer, "msg": ""}

    async def _fault(
        self, when: str, request: web.BaseRequest, call: Call, body: bytes
    ) -> web.Response | None:
        """The script that hits this request, performed; None when there is none."""
        if not self.faults.scripts:
            return None
        script = self.faults.pick(when, call.endpoint, call.api_key, call.fault_view)
        if script is None:
            return None
        if when == BEFORE and script.action != "delay":
            self._note(call, script)
        return await wire.act(request, script, body, lambda: self.stopping)

    def _note(self, call: Call, script: Script) -> None:
        """An order request that the engine will never see was attempted all the same."""
        route = ROUTES.get(call.endpoint)
        if route is None or not route.orders:
            return
        account = self.venue.accounts.get(call.api_key)
        for item in call.items:
            self.venue.ledger.attempt(
                account.name if account else "", str(item.get("clOrdId", "")),
                str(item.get("instId", "")), f"fault:{script.action}", call.arrival,
            )  # fmt: skip

    def _control(self, endpoint: str, query: str, body: str) -> web.Response:
        command = COMMANDS.get(endpoint)
        if command is None:
            return wire.answer(orjson.dumps({"error": f"no such command: {endpoint}"}), 404)
        try:
            given = orjson.loads(body) if body else dict(parse_qsl(query))
            return wire.answer(orjson.dumps(command(self, given), default=str))
        except (ArithmeticError, AttributeError, KeyError, Refusal, TypeError, ValueError) as wrong:
            told = {"error": f"{type(wrong).__name__}: {wrong}"}
            return wire.answer(orjson.dumps(told), 400)
