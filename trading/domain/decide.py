"""One follower's answer to one signal: an order, or a reason. Pure; reads no clock.

The order of checks is the order of ../shared/spec/execution.md: what concerns the follower
(:mod:`.gates`), the market, the size (:mod:`.sizing`), its caps (:mod:`.caps`) with limits from
all who may set them (:mod:`.limits`), then rounding and the venue's minimums.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import NamedTuple

from mimic.core.money import ceil_to_step, floor_to_step
from trading.domain.calendars import MarketState
from trading.domain.caps import CapReached, Room, capped
from trading.domain.gates import Gated, check_follower, check_market, lacks_depth, on_offer
from trading.domain.leverage import AtVenue
from trading.domain.limits import Limits, Source
from trading.domain.ports import InstrumentSpec, PositionSide, Quote, Side
from trading.domain.receipts import Code, Step, StepName, plain
from trading.domain.remainders import Part, part_of, taken_up
from trading.domain.rules import ONE, CopyRules
from trading.domain.sizing import HUNDRED, Basis, CannotSize, size

ZERO = Decimal(0)
_MARGIN_STEP = Decimal("1e-8")


class Outcome(StrEnum):
    """How a decision ends; what the venue makes of an order comes later."""

    PLANNED = "planned"
    PENDING = "pending"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class SignalTerms:
    """The signal, the same for all. ``side`` is the entry's; None for a close of either side.

    ``close_pct``: which part of the position a close closes. ``risk_pct``, ``margin_pct`` (margin
    ÷ equity) and ``quantity`` (a master account's own) are the provider's size; ``part``: of what
    the master's order opens, None for all. ``traded_by``: the master account that traded it
    already.
    """

    symbol: str
    closing: bool
    side: Side | None
    entry_price: Decimal | None
    stop_loss_pct: Decimal | None
    leverage: int
    received_at: datetime
    valid_until: datetime | None
    risk_pct: Decimal | None = None
    margin_pct: Decimal | None = None
    quantity: Decimal | None = None
    part: Part | None = None
    close_pct: Decimal = HUNDRED
    traded_by: int | None = None


class Follower(NamedTuple):
    """A subscription with its rules, limits, account snapshot and exposure, as one query has them.

    Money is the account's currency, quantities are signed base units. ``held`` is the
    subscription's virtual position in the signal's symbol, ``pending`` what its opens there may
    still add; ``held_margin`` is the initial margin of both, ``used_margin`` that of all its
    symbols. ``account_long`` and ``account_short`` are what the account holds in the symbol. Of
    these ``leaving`` (this copy's), ``longs_leaving`` and ``shorts_leaving`` (anybody's) are being
    closed by orders under way. ``longs_there`` and ``shorts_there``: something on that side is held
    or being opened, by anybody in one-way mode, the person included, by this copy in hedge mode.
    ``at_venue`` is what the venue told of the account's leverage there.
    ``kill`` is the scope of a kill switch that reaches it, or empty; ``recovering``: it was not
    compared with its venue since a failover or restore. ``consented`` says that the
    person agreed to the copy-trading disclosure in force. ``in_flight`` says
    that an open of this subscription is out and not settled: a close would find less than there
    will be. ``kept``: of a master's earlier opens, what was too little to be traded.
    """

    subscription_id: int
    account_id: int
    user_id: int
    venue: str
    route: str
    mode: str
    account_active: bool
    hedge: bool
    kill: str
    recovering: bool
    consented: bool
    unresolved: bool
    equity: Decimal
    free_margin: Decimal
    snapshot_at: datetime | None
    day_equity: Decimal
    opens_today: int
    open_positions: int
    held: Decimal
    pending: Decimal
    held_margin: Decimal
    used_margin: Decimal
    account_long: Decimal
    account_short: Decimal
    leaving: Decimal
    longs_leaving: Decimal
    shorts_leaving: Decimal
    longs_there: bool
    shorts_there: bool
    in_flight: bool
    at_venue: AtVenue
    rules: CopyRules
    limits: Limits
    kept: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old inputs may be for an open."""

    account: timedelta = timedelta(seconds=60)
    quote: timedelta = timedelta(seconds=10)
    book: timedelta = timedelta(seconds=10)


class PlannedOrder(NamedTuple):
    """What is to be sent. ``margin`` is reserved until the order ends."""

    side: Side
    quantity: Decimal
    reduce_only: bool
    leverage: int
    margin: Decimal
    position_side: PositionSide = PositionSide.BOTH


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
    state: MarketState = MarketState.OPEN,
    freshness: Freshness = Freshness(),
) -> Decision:
    """Decide for one follower. Never raises for what a person or a market may do."""
    try:
        if signal.traded_by == follower.account_id:
            raise _Skip(Code.TRADED_HERE)
        if signal.closing:
            return _close(signal, follower, instrument)
        return _open(signal, follower, instrument, quote, state, now, freshness)
    except Gated as gate:
        skip = _Skip(gate.code)
    except _Skip as reason:
        skip = reason
    inputs = _inputs(follower, quote, signal)
    if quote is not None and not signal.closing:
        inputs["on_offer"] = _told(on_offer(signal.side, quote, now, freshness))
    return Decision(Outcome.SKIPPED, skip.code, None, inputs, skip.steps)


def _close(signal: SignalTerms, who: Follower, instrument: InstrumentSpec | None) -> Decision:
    """Close what this subscription holds: never gated, never past its share nor the account's
    position.

    Not by the account's state either: whether its keys still work is for the venue to say. What
    orders under way will close is not closed again. Rounded up, unless that were past the share:
    what is beside it is another copy's, or the person's own.
    """
    held = who.held
    wrong_side = signal.side is not None and (held > 0) != (signal.side is Side.BUY)
    longs = who.account_long - who.longs_leaving
    shorts = -who.account_short - who.shorts_leaving
    there = longs if held > 0 else shorts
    whole = min(abs(held) - who.leaving, there)
    if wrong_side or whole <= 0:
        raise _Skip(Code.NOTHING_TO_CLOSE)
    steps = [Step(StepName.POSITION, None, whole, there)]
    if signal.close_pct < HUNDRED:
        part = whole * signal.close_pct / HUNDRED
        formula = f"{plain(whole)} × {plain(signal.close_pct)} %"
        steps.append(Step(StepName.FRACTION, whole, part, formula=formula))
    wanted, step = steps[-1].after, instrument.quantity_step if instrument else ZERO
    rounded = ceil_to_step(wanted, step)
    if rounded > whole:
        rounded = floor_to_step(whole, step)
    steps.append(Step(StepName.ROUNDING, wanted, rounded, step))
    if rounded <= 0:
        raise _Skip(Code.BELOW_MIN_QUANTITY, *steps)
    side = Side.SELL if held > 0 else Side.BUY
    order = PlannedOrder(
        side, rounded, reduce_only=True, leverage=1, margin=ZERO,
        position_side=_position_side(who, long=held > 0),
    )  # fmt: skip
    inputs = _inputs(who, None, signal) | {"side": side.value}
    return Decision(Outcome.PLANNED, Code.PLANNED, order, inputs, tuple(steps))


def _open(
    signal: SignalTerms,
    who: Follower,
    instrument: InstrumentSpec | None,
    quote: Quote | None,
    state: MarketState,
    now: datetime,
    freshness: Freshness,
) -> Decision:
    if signal.side is None:
        raise _Skip(Code.NOTHING_TO_CLOSE)
    check_follower(signal, who, now, freshness)
    spec, price = check_market(signal, who, instrument, quote, state, now, freshness)
    steps = _sized(signal, who, spec, price)
    quantity, leverage = steps[-1].after, int(steps[0].after)
    if quantity < spec.min_quantity or quantity <= 0:
        raise _Skip(Code.BELOW_MIN_QUANTITY, *steps)
    if quantity * price < spec.min_notional:
        raise _Skip(Code.BELOW_MIN_NOTIONAL, *steps)
    offered = on_offer(signal.side, quote, now, freshness)
    if too_thin := lacks_depth(offered, who, quantity, price):
        raise _Skip(too_thin, *steps)
    inputs = _inputs(who, quote, signal) | {"on_offer": _told(offered)}
    if who.mode == "approval":
        return Decision(Outcome.PENDING, Code.AWAITING_APPROVAL, None, inputs, steps)
    margin = (quantity * price / leverage).quantize(_MARGIN_STEP, ROUND_CEILING)
    order = PlannedOrder(
        signal.side, quantity, reduce_only=False, leverage=leverage, margin=margin,
        position_side=_position_side(who, long=signal.side is Side.BUY),
    )  # fmt: skip
    return Decision(Outcome.PLANNED, Code.PLANNED, order, inputs, steps)


def _position_side(who: Follower, *, long: bool) -> PositionSide:
    if not who.hedge:
        return PositionSide.BOTH
    return PositionSide.LONG if long else PositionSide.SHORT


def _sized(
    signal: SignalTerms, who: Follower, spec: InstrumentSpec, price: Decimal
) -> tuple[Step, ...]:
    """Leverage, formula, factors, caps, rounding. The last step's ``after`` is the size."""
    rules = who.rules
    steps = [_leverage(signal, who, spec)]
    leverage, equity = int(steps[0].after), who.equity * rules.allocation_pct / HUNDRED
    basis = Basis(
        rules.mode, rules.value, equity, price, leverage, signal.stop_loss_pct, signal.risk_pct,
        signal.margin_pct, signal.quantity, spec.volatility_pct,
    )  # fmt: skip
    try:
        steps.append(size(basis))
    except CannotSize as fault:
        raise _Skip(fault.code, *steps) from None
    steps += _scaled(signal, who, steps[-1].after)
    wanted = steps[-1].after
    room = Room(
        equity, price, leverage, signal.stop_loss_pct, abs(who.held) + who.pending,
        who.held_margin, who.used_margin, who.free_margin, spec.max_quantity,
    )  # fmt: skip
    try:
        steps += capped(wanted, room, who.limits)
    except CapReached as cap:
        raise _Skip(cap.code, *steps, *cap.steps) from None
    before = steps[-1].after
    rounded = floor_to_step(before, spec.quantity_step)
    steps.append(Step(StepName.ROUNDING, before, rounded, spec.quantity_step))
    return tuple(steps)


def _scaled(signal: SignalTerms, who: Follower, wanted: Decimal) -> list[Step]:
    """The part of an opening, the copy's multiplier, what it kept of a master's earlier opens."""
    steps, factor = [], who.rules.multiplier
    if (part := part_of(signal, who.rules.mode)) is not None:
        formula = f"{plain(wanted)} × {plain(part.share)} %"
        opened = wanted * part.share / HUNDRED
        steps.append(Step(StepName.PART, wanted, opened, None, formula))
        wanted = opened
    if factor != ONE:
        formula = f"× {plain(factor)}"
        steps.append(Step(StepName.MULTIPLIER, wanted, wanted * factor, None, formula))
        wanted *= factor
    if waiting := taken_up(signal, who.rules.mode, who.kept):
        formula = f"+ {plain(waiting)}"
        steps.append(Step(StepName.KEPT, wanted, wanted + waiting, None, formula))
    return steps


def _leverage(signal: SignalTerms, who: Follower, spec: InstrumentSpec) -> Step:
    """What is wanted, clamped by the limits, by the venue's rules and by what is set there."""
    wanted = who.rules.wanted_leverage(signal.symbol, signal.leverage)
    limit, source = who.limits.max_leverage, who.limits.sources[3]
    for cap in (spec.max_leverage, who.at_venue.cap):
        if cap is not None and cap < limit:
            limit, source = cap, Source.VENUE
    clamped = Decimal(min(wanted, limit))
    if who.at_venue.endangers(int(clamped)):
        raise _Skip(Code.ISOLATED_LEVERAGE)
    return Step(StepName.LEVERAGE, Decimal(wanted), clamped, Decimal(limit), source=source)


def _told(known: Decimal | int | None) -> str:
    return "unknown" if known is None else plain(Decimal(known))


def _inputs(who: Follower, quote: Quote | None, signal: SignalTerms) -> dict[str, str]:
    """The numbers used, as plain strings."""
    rules = who.rules
    found = {
        "equity": plain(who.equity),
        "allocation_pct": plain(rules.allocation_pct),
        "free_margin": plain(who.free_margin),
        "settings_version": str(rules.version),
        "sizing": f"{rules.mode.value} {plain(rules.value)}",
    }
    if not who.at_venue.by_order and not signal.closing:
        found["venue_leverage"] = _told(who.at_venue.leverage)
    if quote is not None:
        found["bid"], found["ask"] = plain(quote.bid), plain(quote.ask)
    if signal.entry_price is not None:
        found["signal_price"] = plain(signal.entry_price)
    return found
