"""Error tables: what a venue's refusal means to us, as data.

A table is a tuple of rows, the first match wins. What no row names is refused only when the
venue proves it (a 4xx with a numeric code of its own), else unknown: an order that may live
must be asked for, never resent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trading.domain.ports import Outcome
from trading.venues.wire import Reply

_REQUEST_TIMEOUT = 408


@dataclass(frozen=True, slots=True)
class Verdict:
    """``code`` is ours and stable; ``retryable``: not placed, the same attempt may go again."""

    outcome: Outcome
    code: str
    retryable: bool = False


UNPROVEN = Verdict(Outcome.UNKNOWN, "venue.no_proof")
REFUSED = Verdict(Outcome.REFUSED, "venue.refused")


ANY_STATUS = range(100, 600)
CLIENT_ERRORS = range(400, 500)
ERRORS = range(400, 600)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. An empty field matches anything; ``says`` is the whole message."""

    verdict: Verdict
    code: str = ""
    statuses: range = ANY_STATUS
    says: str = ""

    def matches(self, code: str, status: int, message: str) -> bool:
        return (
            self.code in ("", code)
            and status in self.statuses
            and (not self.says or self.says.lower() == message.lower())
        )


def refused(
    code: str,
    *venue_codes: str,
    retryable: bool = False,
    says: str = "",
    statuses: range = CLIENT_ERRORS,
) -> tuple[Row, ...]:
    """Rows for venue codes that, with one of ``statuses``, prove that nothing was placed."""
    verdict = Verdict(Outcome.REFUSED, code, retryable)
    return tuple(Row(verdict, venue_code, statuses, says) for venue_code in venue_codes)


def unknown(code: str, *venue_codes: str) -> tuple[Row, ...]:
    """Rows for venue codes that leave open whether the order was placed."""
    return tuple(Row(Verdict(Outcome.UNKNOWN, code), venue_code) for venue_code in venue_codes)


@dataclass(frozen=True, slots=True)
class VenueError:
    """An unclean answer in the venue's words: its code ("" if none) and its message."""

    code: str
    message: str


def read_error(reply: Reply, code_key: str, message_key: str) -> VenueError:
    """Code and message from a flat JSON error. A body that is not JSON is its own message."""
    if isinstance(reply.json, Mapping):
        code = str(reply.json.get(code_key, ""))
        numeric = code.lstrip("-").isdecimal() and int(code) != 0
        return VenueError(code if numeric else "", str(reply.json.get(message_key, "")))
    return VenueError("", reply.body.strip())


def judge(rows: tuple[Row, ...], status: int, error: VenueError) -> Verdict:
    """The verdict on an answer that was no clean success."""
    for row in rows:
        if row.matches(error.code, status, error.message):
            return row.verdict
    proven = status in CLIENT_ERRORS and status != _REQUEST_TIMEOUT and error.code
    return REFUSED if proven else UNPROVEN
