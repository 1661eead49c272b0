"""What a strategy holds by its own signals, and what a new draft therefore means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db.models import Q

from signals.models import Action, Direction, OnOpposite, Strategy
from signals.selectors import told_signals
from signals.services.meaning import (
    FLAT,
    Held,
    Intent,
    Ordered,
    Stance,
    meaning,
    meaning_of_open,
    meaning_of_order,
)
from signals.services.publish import SignalDraft


def stance_of(*, strategy_id: int, symbol: str) -> Held:
    """By its latest open and what closed it since: three look-ups of one index.

    Where a strategy holds both ways at once this is the side that it opened last.
    """
    said = told_signals().filter(strategy_id=strategy_id, symbol=symbol).order_by("-pk")
    opened = said.filter(action=Action.OPEN).first()
    if opened is None:
        return FLAT
    ends = Q(direction__in=(opened.direction, Direction.ANY))
    closes = said.filter(ends, action=Action.CLOSE, pk__gt=opened.pk)
    if closes.filter(close_pct=None).exists():
        return FLAT
    latest = closes.first() or opened
    return Held(Stance(opened.direction), latest.strategy_size)


def in_its_light(draft: SignalDraft, *, strategy: Strategy) -> SignalDraft:
    """The draft as the strategy's position makes it; unchanged when it told that position itself.

    The caller holds the strategy's lock, so that two orders of one second are taken in turn.
    """
    if draft.settled or (draft.action == Action.CLOSE and draft.leads is None):
        return draft
    held = stance_of(strategy_id=strategy.pk, symbol=draft.symbol)
    if isinstance(draft.leads, Ordered):
        return with_intents(draft, meaning_of_order(held, draft.leads))
    if draft.leads is not None:
        return with_intents(draft, meaning(held, draft.leads))
    opened = Intent(draft.action, draft.direction, size=draft.strategy_size)
    return with_intents(draft, meaning_of_open(held, opened, OnOpposite(strategy.on_opposite)))


def with_intents(draft: SignalDraft, intents: Sequence[Intent]) -> SignalDraft:
    """One intent, or a reversal's close with the open that follows it."""
    first, *rest = [
        replace(
            draft,
            action=intent.action,
            direction=intent.direction,
            close_pct=intent.close_pct,
            strategy_size=intent.size,
            then=None,
        )
        for intent in intents
    ]
    return replace(first, then=rest[0]) if rest else first
