"""Who has to prove something: an address that failed or asked often, or everybody in a flood."""

from __future__ import annotations

from typing import Final

from mimic.core.limits import Ask, Limit, Mode, judge
from mimic.core.network import neighbourhood

OF_ADDRESS: Final = Limit("suspicion", most=2, seconds=900, alone=2)
OF_ALL: Final = Limit("suspicion-all", most=120, seconds=60, alone=30)


def note(address: str) -> None:
    """A sign-in failed, or a mail was asked for. Without Redis this process remembers."""
    judge([Ask(OF_ADDRESS, neighbourhood(address), Mode.ADD), Ask(OF_ALL, "all", Mode.ADD)])


def note_crowd() -> None:
    """More want to sign in than there is room for: soon everybody works for it."""
    judge([Ask(OF_ALL, "all", Mode.ADD)])


def suspected(address: str) -> bool:
    looked = judge(
        [Ask(OF_ADDRESS, neighbourhood(address), Mode.LOOK), Ask(OF_ALL, "all", Mode.LOOK)]
    )
    return not all(standing.allowed for standing in looked)
