"""What other settings would have made of the strategy's last signals. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from signals.models import Action, Signal
from trading.copying.chunks import signal_terms
from trading.copying.followers import Ranked, followers
from trading.copying.rulebook import limitations, rules_of
from trading.copying.settings import drafted
from trading.domain.decide import Decision, Follower, decide
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

    Ages are left out of it: each signal is taken as if it came now.
    """
    new = rules_of(drafted(subscription.settings, values))
    opens = Signal.objects.filter(strategy_id=subscription.strategy_id, action=Action.OPEN)
    account = subscription.account
    ranked = Ranked(subscription.pk, account.pk, account.route, 1)
    limits = limitations(strategy_id=subscription.strategy_id, account_ids=[account.pk])
    found = []
    for signal in opens.order_by("-id")[:SIGNALS]:
        who = followers(chunk=[ranked], strategy_id=subscription.strategy_id, symbol=signal.symbol)[
            subscription.pk
        ]
        other = who._replace(rules=new, limits=limits.of(account.pk, new.layer))
        found.append(Previewed(signal, _now(signal, who, now), _now(signal, other, now)))
    return found


def _now(signal: Signal, who: Follower, now: datetime) -> Decision:
    terms = replace(signal_terms(signal), entry_price=None, received_at=now, valid_until=None)
    spec, quote = market_view(symbol=signal.symbol).of(who.venue)
    return decide(terms, who, spec, quote, now)
