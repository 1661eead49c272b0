"""Strategies are paused and resumed; nothing else changes their status."""

from __future__ import annotations

from django.db import transaction

from signals.models import Strategy


@transaction.atomic(durable=True)
def pause_strategy(*, strategy: Strategy) -> bool:
    """Command: alerts are refused from now on; False if it was not active."""
    return _move(strategy, Strategy.Status.ACTIVE, Strategy.Status.PAUSED)


@transaction.atomic(durable=True)
def resume_strategy(*, strategy: Strategy) -> bool:
    """Command: alerts are taken again; False if it was not paused."""
    return _move(strategy, Strategy.Status.PAUSED, Strategy.Status.ACTIVE)


def _move(strategy: Strategy, was: str, becomes: str) -> bool:
    return bool(Strategy.objects.filter(pk=strategy.pk, status=was).update(status=becomes))
