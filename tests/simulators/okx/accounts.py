"""An account as OKX knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tests.simulators.swaps.accounts import Account as SwapAccount


@dataclass(slots=True, eq=False)
class Account(SwapAccount):
    """``level`` is the venue's account level (1: spot only); ``demo`` keys know that network."""

    FLAGS: ClassVar[tuple[str, ...]] = (*SwapAccount.FLAGS, "demo")
    TEXTS: ClassVar[tuple[str, ...]] = (*SwapAccount.TEXTS, "passphrase", "level")

    passphrase: str = ""
    demo: bool = False
    level: str = "2"
