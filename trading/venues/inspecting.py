"""The live check of exchange keys, asked once when an account is connected and daily after."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings

from trading.domain.keys import KeyReport
from trading.domain.ports import AccountSession, Gateway, VenueUnavailable, register_gateway
from trading.venues.ccxt_gateway.answers import plain_message
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.dialect import InspectingDialect
from trading.venues.generic.inspection import inspect_unified
from trading.venues.registry import VENUES
from trading.venues.verdicts import judge
from trading.venues.wire import Call, current_call

REFUSAL = "venue.auth"  # the one verdict that speaks about the keys and not about a request


class InspectingGateway(CcxtGateway):
    """The ccxt gateway with :class:`trading.domain.keys.KeyInspector`."""

    async def inspect(self, session: AccountSession) -> KeyReport:
        """Raises VenueUnavailable unless the venue answered, or refused the keys for certain."""
        keys, host = session.credentials, self._hosts[session.demo]
        if keys is None:
            raise VenueUnavailable("no keys for this account")
        await host.catalogue()
        await host.sync_clock()
        client = self._client(session, keys)
        call = Call()
        token = current_call.set(call)
        try:
            report = await self._inspected(client, demo=session.demo)
        except Exception as fault:  # a shape we do not know is no success either
            text = self._reason(call) or type(fault).__name__
        else:
            return replace(report, clock_ahead_ms=host.template.clock.ahead_ms)
        finally:
            current_call.reset(token)
            self._note_usage(call)
        if call.reply:
            error = self._dialect.read_error(call.reply)
            if judge(self._dialect.errors, call.reply.status, error).code == REFUSAL:
                return KeyReport(refused=REFUSAL, message=plain_message(error.message, keys))
        raise VenueUnavailable(text)

    async def _inspected(self, client: object, *, demo: bool) -> KeyReport:
        if isinstance(self._dialect, InspectingDialect):
            return await self._dialect.inspect(client, demo=demo)
        return await inspect_unified(client)


def register() -> None:
    """Instead of the adapter's own registration: the last one wins."""
    register_gateway("ccxt", _make)


def _make(venue_code: str, base_url: str) -> Gateway:
    return InspectingGateway(VENUES[venue_code], base_url, fast=settings.FAST_ORDERS)
