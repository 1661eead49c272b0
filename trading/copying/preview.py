"""What other settings would have made of the strategy's last signals. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from signals.models import Action, Signal
from signals.selectors import told_signals
from trading.copying.chunks import signal_terms
from trading.copying.followers import Ranked, followers
from trading.copying.rulebook import limitations, rules_of
from trading.copying.settings import drafted
from trading.domain.calendars import MarketState
from trading.domain.decide import Decision, Follower, decide
from trading.domain.leverage import AtVenue
from trading.domain.ports import InstrumentSpec, Quote
from trading.domain.rules import CopyRules
from trading.market.calendars import market_states
from trading.market.selectors import market_view
from trading.models import CopySubscription

SIGNALS = 5


@dataclass(frozen=True, slots=True)
class Previewed:
    """One past signal decided at today's price and balance, by the old settings and the new."""

    signal: Signal
    before: Decision
    after: Decision


def preview_settings(
    *, subscription: CopySubscription, values: Mapping[str, Any], now: datetime
) -> list[Previewed]:
    """Selector: the newest opens of the strategy first. Raises ``SettingsInvalid``.

    Ages and prices are left out of it: each signal is taken as if it came now, at the market.
    """
    new = rules_of(drafted(subscription, values))
    opens = told_signals().filter(strategy_id=subscription.strategy_id, action=Action.OPEN)
    signals = list(opens.order_by("-id")[:SIGNALS])
    symbols = {signal.symbol for signal in signals}
    places = {symbol: _Place.of(subscription, symbol, now) for symbol in symbols}
    account_id = subscription.account_id
    limits = limitations(strategy_id=subscription.strategy_id, account_ids=[account_id])
    found = []
    for signal in signals:
        place = places[signal.symbol]
        other = place.who._replace(rules=new, limits=limits.of(account_id, new.layer))
        if _leverages(new) != _leverages(place.who.rules):
            other = other._replace(at_venue=AtVenue(by_order=True))  # it is set there first
        now_and_then = place.decided(signal, place.who, now), place.decided(signal, other, now)
        found.append(Previewed(signal, *now_and_then))
    return found


def _leverages(rules: CopyRules) -> tuple[int | None, Mapping[str, int]]:
    return rules.leverage, rules.symbol_leverage


@dataclass(frozen=True, slots=True)
class _Place:
    """What signals of one symbol meet: the follower as of now, and the market."""

    who: Follower
    spec: InstrumentSpec | None
    quote: Quote | None
    state: MarketState

    @classmethod
    def of(cls, row: CopySubscription, symbol: str, now: datetime) -> _Place:
        """Five queries, and one for settings that are new to this process."""
        known = followers(
            chunk=[Ranked.of(row)], strategy_id=row.strategy_id, symbol=symbol, now=now
        )
        who = known[row.pk]
        state = market_states(symbol=symbol, now=now).get(who.venue, MarketState.OPEN)
        return cls(who, *market_view(symbol=symbol).of(who.venue), state)

    def decided(self, signal: Signal, who: Follower, now: datetime) -> Decision:
        terms = replace(signal_terms(signal), entry_price=None, received_at=now, valid_until=None)
        return decide(terms, who, self.spec, self.quote, now, self.state)
