"""Who is in the demo's world: a thousand followers, no two groups alike, some to be refused."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

FOLLOWERS = 1_000
ON_WIRE = 240
VENUES = ("binanceusdm", "bybit", "okx")  # those on the wire have their accounts there by turns


@dataclass(frozen=True, slots=True)
class Follower:
    """One follower as the world makes it. Money in USDT, percentages as people write them."""

    number: int
    on_wire: bool
    sizing_mode: str
    sizing_value: Decimal
    max_leverage: int
    mode: str = "auto"
    deposit: Decimal = Decimal(10_000)
    state: str = "active"
    venue: str = VENUES[0]
    may_trade: bool = True

    @property
    def email(self) -> str:
        return f"follower{self.number:04d}@demo.mimic"


_SIZES = (
    ("risk_pct", Decimal(2)),
    ("equity_pct", Decimal(5)),
    ("fixed_amount", Decimal(150)),
    ("risk_pct", Decimal("0.5")),
    ("equity_pct", Decimal(8)),
)


def cast() -> list[Follower]:
    """All followers; the same every time."""
    return [_follower(number) for number in range(1, FOLLOWERS + 1)]


def _follower(number: int) -> Follower:
    mode, value = _SIZES[number % len(_SIZES)]
    return Follower(
        number=number,
        on_wire=number <= ON_WIRE,
        sizing_mode=mode,
        sizing_value=value,
        max_leverage=(2, 3, 5, 10, 20)[number // 7 % 5],
        mode={3: "approval", 4: "notify"}.get(number % 50, "auto"),
        deposit=_deposit(number),
        state="disabled" if number % 100 == 77 else "active",
        venue=VENUES[number % len(VENUES)] if number <= ON_WIRE else VENUES[0],
        may_trade=not (number <= ON_WIRE and number % 40 == 13),
    )


def _deposit(number: int) -> Decimal:
    """Mostly ordinary balances; every 60th cannot afford the venue's smallest order."""
    if number % 60 == 30:
        return Decimal(25)
    return Decimal(2_000 + number % 9 * 3_500)
