"""How often a mailbox hears from us because somebody typed its address.

Nobody is refused by it, or anybody could keep a person from a new password: the answer is the same,
and the links of the mails from before go on working (three days, a day to confirm an address).
"""

from __future__ import annotations

from typing import Final

from mimic.core.limits import Ask, Limit, judge
from mimic.core.tokens import digest_of

OF_MAILBOX: Final = (
    Limit("mails", most=3, seconds=15 * 60, alone=1),
    Limit("mails-day", most=12, seconds=24 * 60 * 60, alone=3),
)


def has_room(kind: str, address: str) -> bool:
    """Counts one more of that kind, if there is room for it."""
    subject = f"{kind}:{digest_of(address.strip().lower()).hex()[:32]}"
    return all(standing.allowed for standing in judge([Ask(each, subject) for each in OF_MAILBOX]))
