"""What the stories about flattening begin with: people who hold copies, and the switch."""

from __future__ import annotations

from datetime import timedelta

from signals.models import Strategy
from tests.cast import a_follower, a_person, a_signal, a_strategy
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out
from trading.guards.flatten import carry_out
from trading.guards.kill import set_kill_switch
from trading.models import CopySubscription, KillEffect, KillScope, KillSwitch


def holding(count: int = 1) -> tuple[Strategy, list[CopySubscription]]:
    """A strategy whose followers hold 0.041 BTC each. The market is there already."""
    strategy = a_strategy().strategy
    copies = [a_follower(strategy) for _ in range(count)]
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    send_on_paper()
    return strategy, copies


def flatten(scope: KillScope = KillScope.PLATFORM, target: str = "") -> KillSwitch:
    return set_kill_switch(
        scope=scope, target=target, reason="fire", by=a_person(), now=now(),
        effect=KillEffect.FLATTEN,
    )  # fmt: skip


def later(seconds: float = 1.0) -> int:
    """The sentinel's pass, so many seconds from now; returns legs judged."""
    return carry_out(now=now() + timedelta(seconds=seconds))
