"""A signal that is only tried: what every follower would get now. Nothing is written or ordered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from signals.models import Action, Signal
from trading.copying.chunks import CHUNK, signal_terms
from trading.copying.followers import FOLLOWING, OPENING, Ranked, followers, still_to_decide
from trading.copying.preview_wording import Told, told
from trading.copying.summary import Group
from trading.domain.calendars import MarketState
from trading.domain.decide import decide
from trading.market.calendars import market_states
from trading.market.selectors import market_view

MOST_TRIED = 2_000
_NO_SIGNAL = 0  # no receipt has this signal, so everybody is still to be decided for


class Tried(NamedTuple):
    """One follower's answer, told as their receipt would."""

    subscription_id: int
    told: Told


@dataclass(frozen=True, slots=True)
class DryRun:
    """``followers`` would be asked; of them the first ``MOST_TRIED`` in ``tried``."""

    followers: int
    tried: list[Tried]

    @property
    def groups(self) -> list[Group]:
        """By outcome and code, the commonest first."""
        counts = Counter((each.told.outcome, each.told.code) for each in self.tried)
        return [Group(*key, count) for key, count in counts.most_common()]


def try_signal(*, signal: Signal, now: datetime) -> DryRun:
    """Selector: ``signal`` is not saved and never will be. Three queries a chunk of followers.

    Followers decide as in the fan-out, by their books as of now, without holding them.
    """
    closing = signal.action == Action.CLOSE
    waiting = still_to_decide(signal_id=_NO_SIGNAL, strategy_id=signal.strategy_id, closing=closing)
    asked = waiting[:MOST_TRIED]
    chunks = (asked[at : at + CHUNK] for at in range(0, len(asked), CHUNK))
    market = market_view(symbol=signal.symbol)
    states = {} if closing else market_states(symbol=signal.symbol, now=now)

    def answers(chunk: list[Ranked]) -> Iterator[Tried]:
        known = followers(
            chunk=chunk, strategy_id=signal.strategy_id, symbol=signal.symbol, now=now,
            statuses=FOLLOWING if closing else OPENING,
        )  # fmt: skip
        for ranked in chunk:
            who = known.get(ranked.subscription_id)
            if who is None:  # stopped since the list was made
                continue
            state = states.get(who.venue, MarketState.OPEN)
            decision = decide(signal_terms(signal), who, *market.of(who.venue), now, state)
            yield Tried(ranked.subscription_id, told(decision, signal))

    return DryRun(len(waiting), [each for chunk in chunks for each in answers(chunk)])
