"""Grants: how much may be sent now, for a venue through an address and for accounts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from django.conf import settings

from mimic.ops.metrics import venue_granted, venue_withheld
from trading.domain.receipts import Code
from trading.execution.governor import scripts, shares
from trading.execution.governor.renewals import Key
from trading.execution.governor.standby import Standby
from trading.execution.governor.store import BudgetsAway, Store
from trading.execution.governor.views import Views, Wish
from trading.execution.governor.windows import Cost, Counter, Rules, rules_of

AWAY_WAIT = 1.0  # seconds after which opens ask again when Redis does not answer
_LEAST_WAIT = 0.05
_ON_THE_WAY_MS = 5  # that a call may take: its grant must not seem younger than it is


class Reason(StrEnum):
    """Why a grant is smaller than asked for."""

    NONE = ""
    BUDGET = "budget"
    HELD = "held"
    BROKEN = "broken"
    AWAY = "away"


_REASONS = {
    0: Reason.NONE,
    scripts.BUDGET: Reason.BUDGET,
    scripts.HELD: Reason.HELD,
    scripts.BROKEN: Reason.BROKEN,
}


_LATE = {
    Reason.BUDGET: Code.VENUE_BUSY,
    Reason.HELD: Code.VENUE_BUSY,
    Reason.BROKEN: Code.VENUE_DOWN,
}


class Grant(NamedTuple):
    """``granted`` may be sent now; perhaps more after ``wait`` seconds. ``at``: monotonic seconds,
    to be handed on with the orders.
    """

    granted: int
    wait: float
    reason: Reason
    at: float


class Budgets:
    """The blocking part of the governor; called from any thread."""

    def __init__(self, store: Store, views: Views) -> None:
        self._store = store
        self._views = views
        self._standby = Standby()

    def grant(self, route: str, egress: str, wanted: int, *, closing: bool) -> Grant:
        rules = rules_of(route)
        wish = Wish(_purpose(closing), wanted, _order(rules), _share(closing))
        return self._granted(route, egress, rules, wish)

    def grant_reads(
        self, route: str, egress: str, wanted: int, *, cost: Cost, up_to: float
    ) -> Grant:
        rules = rules_of(route)
        wish = Wish("read", wanted, cost.charges(rules.by_ip), shares.up_to(up_to))
        return self._granted(route, egress, rules, wish)

    def give_back(self, route: str, egress: str, count: int, granted_at: float) -> None:
        charges = _order(rules_of(route))
        if count <= 0 or not charges:
            return
        try:
            self._store.give_back(route, egress, count, charges, _age_ms(granted_at))
        except BudgetsAway:
            return  # they age out

    def grant_accounts(
        self, route: str, account_ids: Sequence[int], *, closing: bool, age_ms: int = -1
    ) -> list[float]:
        rules, view, now = rules_of(route), self._views.of(route), time.monotonic()
        waits = [0.0] * len(account_ids)
        if view.holds:
            waits = [view.held("", each, now, closing=closing) for each in account_ids]
        if not rules.by_account:
            return waits
        (counter,) = rules.by_account
        free = [place for place, wait in enumerate(waits) if not wait]
        ids = [account_ids[place] for place in free]
        counted = self._count(route, counter, ids, closing=closing, age_ms=age_ms)
        for place, wait in zip(free, counted, strict=True):
            waits[place] = wait
        return waits

    def why_late(self, route: str) -> Code:
        try:
            reason = _REASONS[self._store.withheld(route)]
        except BudgetsAway:
            return Code.BUDGET_UNAVAILABLE
        return _LATE.get(reason, Code.SIGNAL_TOO_OLD)

    def renew(self, key: Key, accounts: list[int]) -> list[float]:
        """Seconds to wait for each order. What was counted then is moved to now, so it fits; only
        what aged out meanwhile must find room again.
        """
        rules, age = rules_of(key.route), _age_ms(key.granted_at)
        wish = Wish(_purpose(key.closing), len(accounts), _order(rules), _share(key.closing), age)
        grant = self._granted(key.route, key.egress, rules, wish)
        waits = self.grant_accounts(
            key.route, accounts[: grant.granted], closing=key.closing, age_ms=age
        )
        late = max(grant.wait, _LEAST_WAIT)
        return waits + [late] * (len(accounts) - grant.granted)

    def _granted(self, route: str, egress: str, rules: Rules, wish: Wish) -> Grant:
        now = time.monotonic()
        if rules.free or wish.wanted <= 0:
            return Grant(max(0, wish.wanted), 0.0, Reason.NONE, now)
        try:
            count, wait, why = self._views.ask(route, egress, wish)
        except BudgetsAway:
            grant = self._alone(route, egress, wish)
        else:
            self._standby.clear()
            grant = Grant(count, wait, _REASONS[why], now)
        venue_granted.labels(route, wish.purpose).inc(grant.granted)
        if grant.granted < wish.wanted:
            venue_withheld.labels(route, grant.reason.value).inc(wish.wanted - grant.granted)
        return grant

    def _alone(self, route: str, egress: str, wish: Wish) -> Grant:
        """Without Redis: opens get nothing, the rest a small part. Holds that we know of stand."""
        now = time.monotonic()
        held = self._views.of(route).held(egress, None, now, closing=wish.purpose != "open")
        if held:
            return Grant(0, held, Reason.HELD, now)
        if wish.purpose == "open":
            return Grant(0, AWAY_WAIT, Reason.AWAY, now)
        count, wait = self._standby.grant(route, egress, wish.wanted, wish.charges)
        return Grant(count, wait, Reason.NONE if count == wish.wanted else Reason.AWAY, now)

    def _count(
        self, route: str, counter: Counter, ids: Sequence[int], *, closing: bool, age_ms: int
    ) -> list[float]:
        try:
            return self._store.grant_accounts(
                route, ids, counter=counter, age_ms=age_ms, share=_share(closing)
            )
        except BudgetsAway:
            if not closing:
                return [AWAY_WAIT] * len(ids)
            results = [self._standby.grant(route, str(each), 1, [(counter, 1)]) for each in ids]
            return [0.0 if granted else max(wait, _LEAST_WAIT) for granted, wait in results]


def _order(rules: Rules) -> list[tuple[Counter, int]]:
    return Cost(rules.limits.order_weight, 1, 1).charges(rules.by_ip)


def _purpose(closing: bool) -> str:
    return "close" if closing else "open"


def _share(closing: bool) -> shares.Share:
    reserve: float = settings.BUDGET_RESERVE_PCT / 100
    return shares.closes(reserve) if closing else shares.opens(reserve)


def _age_ms(granted_at: float) -> int:
    return max(0, round((time.monotonic() - granted_at) * 1000)) + _ON_THE_WAY_MS
