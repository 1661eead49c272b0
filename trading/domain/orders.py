"""The order's life as one table. Whatever is not a row here cannot happen to an order.

Source: ../shared/facts/wire-facts.md §11.1; unlikely real-world edges (a cancelled order that
fills after all) are rows, because venues do report them.
"""

from __future__ import annotations

from enum import StrEnum


class OrderStatus(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    NEEDS_PERSON = "needs_person"


class Cause(StrEnum):
    """What happened to the order."""

    CLAIM = "claim"  # a sender took it, with a lease and a fence
    RELEASE = "release"  # certainly not placed, and may be sent again
    ACKNOWLEDGE = "acknowledge"  # the venue has it
    REFUSE = "refuse"  # the venue proves that it has not
    LOSE = "lose"  # the answer is ambiguous, or the sender died
    GIVE_UP = "give_up"  # unknown, or known and not to be found, past its deadline
    FILL = "fill"  # a fill was booked, some is still to come
    COMPLETE = "complete"  # the last fill was booked
    CANCEL = "cancel"
    EXPIRE = "expire"


S, C = OrderStatus, Cause
TERMINAL = frozenset({S.FILLED, S.REJECTED, S.CANCELLED, S.EXPIRED})
_ALIVE = (S.SENDING, S.OPEN, S.PARTIALLY_FILLED, S.UNKNOWN, S.NEEDS_PERSON)
_LATE = (S.REJECTED, S.CANCELLED, S.EXPIRED)

TRANSITIONS: dict[Cause, tuple[tuple[OrderStatus, ...], OrderStatus]] = {
    C.CLAIM: ((S.PLANNED,), S.SENDING),
    C.RELEASE: ((S.SENDING, S.UNKNOWN, S.NEEDS_PERSON), S.PLANNED),
    C.ACKNOWLEDGE: ((S.SENDING, S.UNKNOWN, S.NEEDS_PERSON), S.OPEN),
    # Open ones too: some venues acknowledge an order first and reject it afterwards.
    C.REFUSE: ((S.PLANNED, S.SENDING, S.OPEN, S.UNKNOWN, S.NEEDS_PERSON), S.REJECTED),
    C.LOSE: ((S.SENDING,), S.UNKNOWN),
    C.GIVE_UP: ((S.OPEN, S.PARTIALLY_FILLED, S.UNKNOWN), S.NEEDS_PERSON),
    C.FILL: ((*_ALIVE, *_LATE), S.PARTIALLY_FILLED),
    C.COMPLETE: ((*_ALIVE, *_LATE), S.FILLED),
    C.CANCEL: ((S.PLANNED, S.OPEN, S.PARTIALLY_FILLED, S.NEEDS_PERSON), S.CANCELLED),
    C.EXPIRE: ((S.PLANNED, S.OPEN, S.PARTIALLY_FILLED, S.UNKNOWN, S.NEEDS_PERSON), S.EXPIRED),
}

CANCELLABLE = (S.SENDING, S.OPEN, S.PARTIALLY_FILLED, S.UNKNOWN, S.NEEDS_PERSON)
"""Where somebody may wish an order cancelled at the venue.

The wish stands beside the state and is none itself: until the venue has said what became of the
order it may still fill, be refused or be proven absent. What is only planned ends at once.
"""
WISH = "ask_cancel"
"""The event beside the wish; the state before and after it is the same."""


def sources(cause: Cause) -> tuple[OrderStatus, ...]:
    """The states in which ``cause`` may happen."""
    return TRANSITIONS[cause][0]


def result(cause: Cause) -> OrderStatus:
    """The state that ``cause`` leads to."""
    return TRANSITIONS[cause][1]


_INTENT = 1 + 4 + 13  # the mark, the installation, the order
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def client_id(instance: str, order_id: int, attempt: int) -> str:
    """The id an attempt is known by at the venue: a pure function of (order, attempt).

    ``[A-Za-z0-9]``, at most 24 characters (32 is the widest alphabet legal everywhere,
    wire-facts §0.3): ``m``, the installation's four-character prefix by which orphans are known
    after a restore, the order's id in base 36 at a fixed width of 13, then the attempt.
    """
    return f"m{instance}{_base36(order_id):0>13}{_base36(attempt)}"


def intent_of(client_id: str) -> str:
    """What the client ids of all attempts of one order have in common."""
    return client_id[:_INTENT]


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
        if number == 0:
            return digits
