"""The HTTP side: one lean handler under aiohttp's low-level server.

A request costs no router, no middleware and no second parse: raw query and body go through the
signature check into the engine. Faults are applied around the engine's synchronous step.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from tests.simulators.binance import wire
from tests.simulators.binance.calls import Call, read_call
from tests.simulators.binance.control import COMMANDS
from tests.simulators.binance.errors import Refusal
from tests.simulators.binance.faults import AFTER, BEFORE, FaultBook, Script
from tests.simulators.binance.ledger import Arrival
from tests.simulators.binance.limits import Quotas
from tests.simulators.binance.private import unknown_endpoint
from tests.simulators.binance.routes import ROUTES
from tests.simulators.binance.stream import StreamHub
from tests.simulators.binance.venue import Venue

T = TypeVar("T")
_LONGEST_BODY = 1 << 20
_MAINTENANCE = Refusal(-1000, "Service Unavailable.", 503)


class BinanceSimulator:
    """One venue on one port: ``await start()``, or ``with simulator.run_in_thread():``."""

    venue: Venue
    faults: FaultBook
    hub: StreamHub

    def __init__(
        self, *, quotas: Quotas | None = None, accounts: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        self._quotas = quotas or Quotas()
        self.base_url = ""
        self._server: web.Server | None = None
        self._sockets: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False
        self._renew()
        for settings in accounts:
            self.venue.add_account(settings)

    def reset(self, *, keep_accounts: bool = False) -> None:
        """Forgets orders, positions, prices, faults and, unless kept, accounts."""
        kept = list(self.venue.accounts.values()) if keep_accounts else []
        self.hub.disconnect_all()
        self._renew()
        for account in kept:
            self.venue.add_account(
                {
                    "api_key": account.api_key,
                    "secret": account.secret.decode(),
                    "name": account.name,
                    "hedge": account.hedge,
                    "leverage": account.default_leverage,
                    "withdrawals": account.withdrawals,
                    "balance": account.wallet - sum(t.realised - t.fee for t in account.trades),
                }
            )

    def _renew(self) -> None:
        self.faults = FaultBook()
        self.venue = Venue(quotas=self._quotas)
        self.hub = StreamHub(self.venue.clock)
        self.venue.publish = self.hub.publish
        self.venue.listening = self.hub.listening

    def clear_faults(self) -> None:
        """Ends every scripted fault and mode; orders and books stay."""
        self.faults.clear()
        self.hub.faults.clear()
        modes = self.venue.modes
        modes.read_lag, modes.maintenance = 0, False
        self.venue.clock.skew_ms = 0
        self.venue.limits.scripted_ban_until = 0

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Listens and returns the base URL."""
        self._stopping = False
        self._loop = asyncio.get_running_loop()
        self._server = web.Server(self._respond, access_log=None)
        self._sockets = await self._loop.create_server(self._server, host, port, backlog=2048)
        self.base_url = f"http://{host}:{self._sockets.sockets[0].getsockname()[1]}"
        return self.base_url

    async def stop(self) -> None:
        self._stopping = True
        self.hub.disconnect_all()
        if self._sockets is not None and self._server is not None:
            self._sockets.close()
            await self._server.shutdown(0.5)

    @contextmanager
    def run_in_thread(self) -> Iterator[BinanceSimulator]:
        """Serves from a thread of its own; touch state through :meth:`call`."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="binance-simulator", daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.start(), loop).result(10)
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self.stop(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    def call(self, function: Callable[[], T]) -> T:
        """Runs ``function`` inside the venue's event loop, from whatever thread."""

        async def run() -> T:
            return function()

        if self._loop is None:
            raise RuntimeError("the simulator does not run")
        if asyncio._get_running_loop() is self._loop:
            return function()
        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def command(self, endpoint: str, body: Any) -> dict[str, Any]:
        """A control call (``"POST /_sim/price"``) without HTTP, from any thread."""
        return self.call(lambda: COMMANDS[endpoint](self, body))

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        body = (await request.read()).decode() if request.can_read_body else ""
        if path.startswith("/fapi/") or path.startswith("/sapi/"):
            return await self._serve(request, f"{request.method} {path}", query, body)
        if path.startswith("/_sim/"):
            return self._control(f"{request.method} {path}", query, body)
        if "/ws" in path or path.endswith("/stream"):
            return await self._stream(request, path)
        return _refused(unknown_endpoint(path), {})

    async def _serve(
        self, request: web.BaseRequest, endpoint: str, query: str, body: str
    ) -> web.Response:
        call, headers = None, {}
        try:
            call = self._read(request, endpoint, query, body)
            if self.faults.scripts:
                script = self.faults.pick(BEFORE, endpoint, call.api_key, call.parameters)
                if script and (early := await self._act(request, script, b"", call)):
                    return early
            reply = wire.answer(orjson.dumps(self._execute(call)), headers=call.headers)
        except Refusal as refused:
            headers = call.headers if call else {}
            reply = _refused(refused, headers)
        if call and self.faults.scripts:
            script = self.faults.pick(AFTER, endpoint, call.api_key, call.parameters)
            if script and (spoilt := await self._act(request, script, _bytes(reply), None)):
                return spoilt
        return reply

    def _read(self, request: web.BaseRequest, endpoint: str, query: str, body: str) -> Call:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        ip, port = peer[:2] if peer else ("", 0)
        arrival = Arrival(self.venue.clock.now(), f"{ip}:{port}")
        key = request.headers.get("X-MBX-APIKEY", "")
        return read_call(endpoint, query, body, key, ip, arrival, self.hub)

    def _execute(self, call: Call) -> Any:
        """Limits, authentication, endpoint. Raises Refusal."""
        venue = self.venue
        route = ROUTES.get(call.endpoint)
        if venue.modes.maintenance:
            raise _MAINTENANCE
        now = venue.clock.now()
        weight = route.cost(call.parameters) if route else 1
        used = venue.limits.charge(call.ip, weight, now)
        call.headers["X-MBX-USED-WEIGHT-1M"] = str(used)
        if route is None:
            raise unknown_endpoint(call.endpoint)
        call.authenticate(venue, route.access)
        if route.counts:
            counter = call.account.order_count
            venue.limits.count_orders(counter, *route.counts, now)
            call.headers["X-MBX-ORDER-COUNT-10S"] = str(counter.count_10s)
            call.headers["X-MBX-ORDER-COUNT-1M"] = str(counter.count_1m)
        return route.run(venue, call)

    async def _act(
        self, request: web.BaseRequest, script: Script, body: bytes, call: Call | None
    ) -> web.Response | None:
        """Performs a fault; ``call`` is given when the engine will not see the request."""
        route = ROUTES.get(call.endpoint) if call else None
        if call and route and route.counts and script.action not in ("delay", "late"):
            names = ("newClientOrderId", "clientAlgoId")
            own_id = next((call.parameters[n] for n in names if n in call.parameters), "")
            account = self.venue.accounts.get(call.api_key)
            self.venue.ledger.attempt(
                account.name if account else "", own_id, call.parameters.get("symbol", ""),
                f"fault:{script.action}", call.arrival,
            )  # fmt: skip
        return await wire.act(request, script, body, lambda: self._stopping)

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

    async def _stream(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        last = path.rpartition("/")[2]
        asked = request.query.get("listenKey") or request.query.get("streams")
        key = asked or (last if last not in ("ws", "stream") else "")
        accounts = self.venue.accounts.values()
        owner = next((each for each in accounts if key and each.listen_key == key), None)
        return await self.hub.serve(request, owner, key)


def _bytes(response: web.Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b""


def _refused(refused: Refusal, headers: Mapping[str, str]) -> web.Response:
    return wire.answer(orjson.dumps(refused.body), refused.status, {**headers, **refused.headers})
