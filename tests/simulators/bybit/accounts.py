"""An account as Bybit knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from tests.simulators.swaps.accounts import Account as SwapAccount
from tests.simulators.swaps.calls import Json


@dataclass(slots=True, eq=False)
class Account(SwapAccount):
    """``unified``: of the kind that the venue opens today; ``margin_mode`` holds for all of it.

    ``exits`` are stops and targets of its positions by id, as the venue lists them.
    ``hedge`` holds for every instrument here; the venue knows it by instrument.
    """

    FLAGS: ClassVar[tuple[str, ...]] = (*SwapAccount.FLAGS, "unified", "read_only")
    TEXTS: ClassVar[tuple[str, ...]] = (*SwapAccount.TEXTS, "margin_mode")

    unified: bool = True
    read_only: bool = False
    margin_mode: str = "REGULAR_MARGIN"
    exits: dict[str, Json] = field(default_factory=dict)
