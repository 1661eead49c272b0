"""What can be audited: each action is declared once, with what its entries may say.

An action says of every word whether it is plain or personal, so that nobody has to think again how
an entry is shredded (seen in pretix's log types).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise

Text = str | Promise
_actions: dict[str, Action] = {}


@dataclass(frozen=True, slots=True)
class Action:
    """``code`` is stored and never renamed. ``facts`` are plain; ``private`` go under the key of
    the person they are about.
    """

    code: str
    title: Text
    facts: frozenset[str]
    private: frozenset[str]


def declare(
    code: str, title: Text, *, facts: Iterable[str] = (), private: Iterable[str] = ()
) -> Action:
    """Raises ValueError for a code that is declared already."""
    action = Action(code, title, frozenset(facts), frozenset(private))
    if code in _actions:
        raise ValueError(f"the action {code} is declared twice")
    _actions[code] = action
    return action


def title_of(code: str) -> str:
    """Its title in the reader's language; the code itself of one that is declared no more."""
    known = _actions.get(code)
    return str(known.title) if known else code


def all_actions() -> list[Action]:
    return sorted(_actions.values(), key=lambda action: action.code)
