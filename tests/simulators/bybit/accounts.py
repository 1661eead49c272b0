"""An account as Bybit knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tests.simulators.swaps.accounts import Account as SwapAccount


@dataclass(slots=True, eq=False)
class Account(SwapAccount):
    """``unified``: of the kind that the venue opens today; ``margin_mode`` holds for all of it.

    ``hedge`` holds for every instrument here; the venue knows it by instrument.
    """

    FLAGS: ClassVar[tuple[str, ...]] = (*SwapAccount.FLAGS, "unified", "read_only")
    TEXTS: ClassVar[tuple[str, ...]] = (*SwapAccount.TEXTS, "margin_mode")

    unified: bool = True
    read_only: bool = False
    margin_mode: str = "REGULAR_MARGIN"
