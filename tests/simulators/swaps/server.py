"""The HTTP side: raw target and body go through the signature check into the engine.

Faults are applied around the engine's synchronous step, as at the Binance simulator.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from tests.simulators.binance import wire
from tests.simulators.binance.faults import AFTER, BEFORE, FaultBook, Script
from tests.simulators.binance.ledger import Arrival
from tests.simulators.loopback import LoopbackServer
from tests.simulators.swaps.calls import Refused, Request
from tests.simulators.swaps.control import COMMANDS
from tests.simulators.swaps.stream import SwapStream
from tests.simulators.swaps.venue import Venue

V = TypeVar("V", bound=Venue[Any])
C = TypeVar("C", bound=Request)


class SwapSimulator(LoopbackServer, Generic[V, C]):
    """One venue on one port. ``limit_scale`` multiplies its rate limits; 0 switches them off."""

    venue: V
    faults: FaultBook
    stream: SwapStream[Any] | None = None
    delay: float  # seconds that every answer of the venue waits

    def __init__(self, *, limit_scale: int = 1, accounts: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__()
        self._limit_scale = limit_scale
        self.reset()
        for settings in accounts:
            self.venue.add_account(settings)

    @abstractmethod
    def new_venue(self, limit_scale: int) -> V: ...

    def new_stream(self, venue: V) -> SwapStream[Any] | None:
        """None where the simulator has no private stream."""
        return None

    @abstractmethod
    def read(self, request: Request) -> C:
        """Raises Refused for what cannot be understood."""

    @abstractmethod
    def execute(self, call: C) -> tuple[Any, Mapping[str, str]]:
        """Authentication, limits, endpoint: body and headers of the answer. Raises Refused."""

    def status(self, call: C) -> int:
        """Of a success."""
        return 200

    def reset(self) -> None:
        """Forgets accounts, orders, positions, prices and faults; closes sockets."""
        self.disconnect()
        self.faults, self.delay = FaultBook(), 0.0
        self.venue = self.new_venue(self._limit_scale)
        self.stream = self.new_stream(self.venue)
        if self.stream:
            self.venue.tell = self.stream.changed
            self.venue.tell_wallet = self.stream.moved

    def disconnect(self) -> None:
        if self.stream:
            self.stream.disconnect_all()

    async def stop(self) -> None:
        self.disconnect()
        await super().stop()

    def clear_faults(self) -> None:
        """Ends every scripted fault and mode; orders and books stay."""
        self.faults.clear()
        if self.stream:
            self.stream.faults.clear()
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
        if self.stream and path == self.stream.path:
            return await self.stream.serve(request, self._arrived(request, ""))
        reply = await self._serve(request, body)
        if self.delay:
            await asyncio.sleep(self.delay)
        return reply

    async def _serve(self, request: web.BaseRequest, body: str) -> web.Response:
        call = None
        try:
            call = self.read(self._arrived(request, body))
            if early := await self._fault(BEFORE, request, call, b""):
                return early
            answer, headers = self.execute(call)
            reply = wire.answer(orjson.dumps(answer), self.status(call), headers)
        except Refused as refused:
            reply = wire.answer(refused.body, refused.status, refused.headers)
        if call is None:
            return reply
        told = reply.body if isinstance(reply.body, bytes) else b""
        return await self._fault(AFTER, request, call, told) or reply

    def _arrived(self, request: web.BaseRequest, body: str) -> Request:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        ip, port = peer[:2] if peer else ("", 0)
        arrival = Arrival(self.venue.clock.now(), f"{ip}:{port}")
        endpoint = f"{request.method} {request.raw_path.partition('?')[0]}"
        return Request(endpoint, request.raw_path, body, request.headers, ip, arrival)

    async def _fault(
        self, when: str, request: web.BaseRequest, call: C, body: bytes
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

    def _note(self, call: C, script: Script) -> None:
        """An order request that the engine will never see was attempted all the same."""
        account = self.venue.accounts.get(call.api_key)
        for client_id, symbol in call.attempts:
            self.venue.ledger.attempt(
                account.name if account else "", client_id, symbol, f"fault:{script.action}",
                call.arrival,
            )  # fmt: skip

    def _control(self, endpoint: str, query: str, body: str) -> web.Response:
        command = COMMANDS.get(endpoint)
        if command is None:
            return wire.answer(orjson.dumps({"error": f"no such command: {endpoint}"}), 404)
        try:
            given = orjson.loads(body) if body else dict(parse_qsl(query))
            return wire.answer(orjson.dumps(command(self, given), default=str))
        except (ArithmeticError, AttributeError, KeyError, Refused, TypeError, ValueError) as wrong:
            told = {"error": f"{type(wrong).__name__}: {wrong}"}
            return wire.answer(orjson.dumps(told), 400)
