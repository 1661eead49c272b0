"""Leverage, margin mode and position mode of an account, by ccxt's calls and the wire's trace."""

from __future__ import annotations

from trading.domain.ports import Credentials, Outcome, SettingResult
from trading.venues.ccxt_gateway import answers
from trading.venues.dialect import Dialect, SettingDialect
from trading.venues.wire import Call

HAS_EXPOSURE = "venue.mode_has_exposure"
FIXED = SettingResult(Outcome.REFUSED, "venue.unsupported", message="the venue decides this itself")
"""Refused before a byte left."""


def setting_done(call: Call, dialect: Dialect, keys: Credentials) -> SettingResult:
    """How a change ended that raised nothing: some venues say no with a clean status."""
    if call.reply is None:
        return SettingResult(Outcome.CONFIRMED)  # it was so already, and ccxt asked nobody
    if 200 <= call.reply.status < 300 and not dialect.read_error(call.reply).code:
        return SettingResult(Outcome.CONFIRMED)
    return setting_failed(call, dialect, keys, ValueError())


def setting_failed(
    call: Call, dialect: Dialect, keys: Credentials, fault: Exception
) -> SettingResult:
    """How a change ended that raised, from what was on the wire."""
    said = dialect.read_error(call.reply).code if call.reply else ""
    if isinstance(dialect, SettingDialect) and said in dialect.settled_codes:
        return SettingResult(Outcome.CONFIRMED, venue_code=said)
    sent = answers.failed_send(call, dialect, keys, fault)
    exposed = isinstance(dialect, SettingDialect) and said in dialect.exposure_codes
    return SettingResult(
        Outcome.REFUSED if exposed else sent.outcome,
        HAS_EXPOSURE if exposed else sent.code,
        sent.venue_code,
        sent.message,
        sent.retry_after,
    )
