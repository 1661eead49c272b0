"""One follower's answer to one signal: an order, or a reason. Pure; reads no clock.

The order of checks is the order of ../shared/spec/execution.md: what concerns the follower,
then the market, then the size with its caps, then rounding and the venue's minimums.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import NamedTuple

from mimic.core.money import ceil_to_step, floor_to_step
from trading.domain.ports import InstrumentSpec, Quote, Side
from trading.domain.receipts import Code, Step, StepName, plain
from trading.domain.sizing import HUNDRED, NOTIONAL_CAP, Basis, NoStop, SizingMode, size

ZERO = Decimal(0)


class Outcome(StrEnum):
    """How a decision ends; what the venue makes of an order comes later."""

    PLANNED = "planned"
    PENDING = "pending"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class SignalTerms:
    """The signal, the same for all. ``side`` is the entry's; None for a close of either side."""

    symbol: str
    closing: bool
    side: Side | None
    entry_price: Decimal | None
    stop_loss_pct: Decimal | None
    leverage: int
    valid_until: datetime | None


class Follower(NamedTuple):
    """A subscription with its settings, account snapshot and exposure, as one query brings them.

    Money is the account's currency. ``held`` is the subscription's virtual position in the
    signal's symbol, ``account_held`` the account's; both signed base units. ``held_margin`` is
    the initial margin of ``held``. ``in_flight`` says that an open of this subscription
    is out and not settled: a close would find less than there will be.
    """

    subscription_id: int
    account_id: int
    user_id: int
    venue: str
    route: str
    mode: str
    account_active: bool
    killed: bool
    unresolved: bool
    sizing_mode: SizingMode
    sizing_value: Decimal
    allocation_pct: Decimal
    max_position_pct: Decimal
    max_open: int
    max_leverage: int
    max_deviation_pct: Decimal
    settings_version: int
    equity: Decimal
    free_margin: Decimal
    snapshot_at: datetime | None
    open_positions: int
    held: Decimal
    held_margin: Decimal
    account_held: Decimal
    in_flight: bool = False


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old inputs may be for an open."""

    account: timedelta = timedelta(seconds=60)
    quote: timedelta = timedelta(seconds=10)


class PlannedOrder(NamedTuple):
    """What is to be sent. ``margin`` is reserved until the order ends."""

    side: Side
    quantity: Decimal
    reduce_only: bool
    leverage: int
    margin: Decimal


@dataclass(frozen=True, slots=True)
class Decision:
    """The receipt's content: outcome, code, the numbers used, each step, and the order if any."""

    outcome: Outcome
    code: Code
    order: PlannedOrder | None = None
    inputs: dict[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


class _Skip(Exception):
    def __init__(self, code: Code, *steps: Step) -> None:
        self.code = code
        self.steps = steps


def decide(
    signal: SignalTerms,
    follower: Follower,
    instrument: InstrumentSpec | None,
    quote: Quote | None,
    now: datetime,
    freshness: Freshness = Freshness(),
) -> Decision:
    """Decide for one follower. Never raises for what a person or a market may do."""
    try:
        if signal.closing:
            return _close(signal, follower, instrument)
        return _open(signal, follower, instrument, quote, now, freshness)
    except _Skip as skip:
        return Decision(
            Outcome.SKIPPED, skip.code, None, _inputs(follower, quote, signal), skip.steps
        )


def _close(signal: SignalTerms, who: Follower, instrument: InstrumentSpec | None) -> Decision:
    """Close what this subscription holds: never gated, never past the account's position.

    Not by the account's state either: whether its keys still work is for the venue to say.
    """
    held = who.held
    wrong_side = signal.side is not None and (held > 0) != (signal.side is Side.BUY)
    same_sign = held * who.account_held > 0
    if held == 0 or wrong_side or not same_sign:
        raise _Skip(Code.NOTHING_TO_CLOSE)
    whole = min(abs(held), abs(who.account_held))
    step = instrument.quantity_step if instrument else ZERO
    rounded = min(ceil_to_step(whole, step), abs(who.account_held))
    steps = (
        Step(StepName.POSITION, None, whole, abs(who.account_held)),
        Step(StepName.ROUNDING, whole, rounded, step),
    )
    side = Side.SELL if held > 0 else Side.BUY
    order = PlannedOrder(side, rounded, reduce_only=True, leverage=1, margin=ZERO)
    return Decision(Outcome.PLANNED, Code.PLANNED, order, _inputs(who, None, signal), steps)


def _open(
    signal: SignalTerms,
    who: Follower,
    instrument: InstrumentSpec | None,
    quote: Quote | None,
    now: datetime,
    freshness: Freshness,
) -> Decision:
    if signal.side is None:
        raise _Skip(Code.NOTHING_TO_CLOSE)
    _check_follower(signal, who, now, freshness)
    spec, price = _check_market(signal, who, instrument, quote, now, freshness)
    steps = _sized(signal, who, spec, price)
    quantity, leverage = steps[-1].after, int(steps[0].after)
    if quantity < spec.min_quantity or quantity <= 0:
        raise _Skip(Code.BELOW_MIN_QUANTITY, *steps)
    if quantity * price < spec.min_notional:
        raise _Skip(Code.BELOW_MIN_NOTIONAL, *steps)
    inputs = _inputs(who, quote, signal)
    if who.mode == "approval":
        return Decision(Outcome.PENDING, Code.AWAITING_APPROVAL, None, inputs, steps)
    margin = (quantity * price / leverage).quantize(Decimal("1e-8"), ROUND_CEILING)
    order = PlannedOrder(signal.side, quantity, reduce_only=False, leverage=leverage, margin=margin)
    return Decision(Outcome.PLANNED, Code.PLANNED, order, inputs, steps)


def _check_follower(
    signal: SignalTerms, who: Follower, now: datetime, freshness: Freshness
) -> None:
    """Gates that need no market. The first that bites names the reason."""
    stale = who.snapshot_at is None or now - who.snapshot_at > freshness.account
    gates = (
        (who.killed, Code.KILL_SWITCH),
        (signal.valid_until is not None and now > signal.valid_until, Code.SIGNAL_TOO_OLD),
        (who.mode == "notify", Code.NOTIFY_ONLY),
        (not who.account_active, Code.ACCOUNT_INACTIVE),
        (who.unresolved, Code.UNRESOLVED_ORDER),
        (stale, Code.STALE_ACCOUNT),
        (who.account_held * _sign(signal.side) < 0, Code.OPPOSITE_POSITION),
        (who.held == 0 and who.open_positions >= who.max_open, Code.MAX_OPEN),
    )
    for bites, code in gates:
        if bites:
            raise _Skip(code)


def _check_market(
    signal: SignalTerms,
    who: Follower,
    spec: InstrumentSpec | None,
    quote: Quote | None,
    now: datetime,
    freshness: Freshness,
) -> tuple[InstrumentSpec, Decimal]:
    """The instrument, and the price that an order would meet: ask for a buy, bid for a sell."""
    if spec is None:
        raise _Skip(Code.NO_INSTRUMENT)
    if not spec.trading:
        raise _Skip(Code.MARKET_CLOSED)
    if quote is None or now - quote.at > freshness.quote:
        raise _Skip(Code.STALE_PRICE)
    price = quote.ask if signal.side is Side.BUY else quote.bid
    if price <= 0:
        raise _Skip(Code.STALE_PRICE)
    if signal.entry_price is not None:
        deviation = abs(price - signal.entry_price) / signal.entry_price * HUNDRED
        if deviation > who.max_deviation_pct:
            raise _Skip(Code.PRICE_DEVIATION)
    return spec, price


def _sized(
    signal: SignalTerms, who: Follower, spec: InstrumentSpec, price: Decimal
) -> tuple[Step, ...]:
    """Leverage, formula, caps in their order, rounding. The last step's ``after`` is the size."""
    leverage = min(signal.leverage, who.max_leverage, spec.max_leverage)
    equity = who.equity * who.allocation_pct / HUNDRED
    steps = [
        Step(StepName.LEVERAGE, Decimal(signal.leverage), Decimal(leverage), Decimal(leverage))
    ]
    basis = Basis(who.sizing_mode, who.sizing_value, equity, price, leverage, signal.stop_loss_pct)
    try:
        steps.append(size(basis))
    except NoStop:
        raise _Skip(Code.NO_STOP, *steps) from None
    unit = price / leverage  # initial margin of one base unit
    room = equity * who.max_position_pct / HUNDRED - who.held_margin
    notional_room = equity * NOTIONAL_CAP - abs(who.held) * price
    caps = (
        (StepName.MAX_POSITION, room / unit, Code.POSITION_CAP),
        (StepName.NOTIONAL_CAP, notional_room / price, Code.POSITION_CAP),
        (StepName.FREE_MARGIN, who.free_margin / unit, Code.NO_FREE_MARGIN),
        (StepName.MAX_QUANTITY, spec.max_quantity, Code.POSITION_CAP),
    )
    for name, limit, empty in caps:
        before = steps[-1].after
        steps.append(Step(name, before, min(before, max(limit, ZERO)), max(limit, ZERO)))
        if limit <= 0:
            raise _Skip(empty, *steps)
    before = steps[-1].after
    rounded = floor_to_step(before, spec.quantity_step)
    steps.append(Step(StepName.ROUNDING, before, rounded, spec.quantity_step))
    return tuple(steps)


def _sign(side: Side | None) -> int:
    return 1 if side is Side.BUY else -1


def _inputs(who: Follower, quote: Quote | None, signal: SignalTerms) -> dict[str, str]:
    """The numbers used, as plain strings."""
    found = {
        "equity": plain(who.equity),
        "allocation_pct": plain(who.allocation_pct),
        "free_margin": plain(who.free_margin),
        "settings_version": str(who.settings_version),
        "sizing": f"{who.sizing_mode.value} {plain(who.sizing_value)}",
    }
    if quote is not None:
        found["bid"], found["ask"] = plain(quote.bid), plain(quote.ask)
    if signal.entry_price is not None:
        found["signal_price"] = plain(signal.entry_price)
    return found
