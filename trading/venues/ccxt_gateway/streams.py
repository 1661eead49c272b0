"""One account's REST side, as its user stream needs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from trading.domain.news import Breach
from trading.domain.ports import VenueUnavailable
from trading.venues.ccxt_gateway.host import Host
from trading.venues.dialect import Dialect, SilentDialect
from trading.venues.listing import Listing
from trading.venues.streams.protocol import StreamEnded
from trading.venues.verdicts import judge
from trading.venues.wire import Call, current_call

T = TypeVar("T")
_KEYS_REFUSED = "venue.auth"
_TOLERANCE = timedelta(seconds=5)  # logins are dated ten seconds on, or may be thirty old


class AccountRest:
    """Implements :class:`trading.venues.streams.listener.Rest`.

    ``client`` makes the account's client anew: what is loaded meanwhile must reach it.
    """

    def __init__(self, host: Host, dialect: Dialect, client: Callable[[], Any]) -> None:
        self._host = host
        self._dialect = dialect
        self._client = client

    @property
    def ahead_ms(self) -> int:
        return self._host.clock.ahead_ms

    async def mistimed(self, ahead_ms: int) -> bool:
        dialect = self._dialect
        known = dialect.clock_tolerance if isinstance(dialect, SilentDialect) else _TOLERANCE
        return await self._host.was_out_of_time(Call(ahead_ms=ahead_ms), known)

    async def listings(self) -> Mapping[str, Listing]:
        return (await self._host.catalogue()).by_id

    async def ask(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Not chained: ccxt's texts and tracebacks carry signed URLs."""
        await self._host.catalogue()  # a client made before has no markets, and is kept
        call = Call(ahead_ms=self.ahead_ms)
        token = current_call.set(call)
        try:
            return await work(self._client())
        except StreamEnded:
            raise
        except Exception as fault:  # the wire's trace decides, not ccxt's classes
            text = call.fault or type(fault).__name__
        finally:
            current_call.reset(token)
        if call.reply is None:
            raise VenueUnavailable(text)
        error = self._dialect.read_error(call.reply)
        told = f"HTTP {call.reply.status} {error.code}".strip()
        refused = judge(self._dialect.errors, call.reply.status, error).code == _KEYS_REFUSED
        if refused and not await self.mistimed(call.ahead_ms):
            raise StreamEnded(Breach.REFUSED, told)
        raise VenueUnavailable(told)
