"""An account as OKX knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from tests.simulators.swaps.accounts import Account as SwapAccount
from tests.simulators.swaps.calls import Json


@dataclass(slots=True, eq=False)
class Account(SwapAccount):
    """``level`` is the venue's account level (1: spot only); ``demo`` keys know that network.

    ``algos`` are the stops and targets that wait, by id, as the venue lists them.
    """

    FLAGS: ClassVar[tuple[str, ...]] = (*SwapAccount.FLAGS, "demo")
    TEXTS: ClassVar[tuple[str, ...]] = (*SwapAccount.TEXTS, "passphrase", "level")

    passphrase: str = ""
    demo: bool = False
    level: str = "2"
    algos: dict[str, Json] = field(default_factory=dict)
