"""The process's governor: who may send, where, how much. The package says how it is used."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from mimic.ops.metrics import venue_in_flight
from trading.domain.ports import SendResult
from trading.domain.receipts import Code
from trading.execution.governor.budgets import Budgets, Grant
from trading.execution.governor.renewals import Key, Renewals
from trading.execution.governor.shares import LOOKS
from trading.execution.governor.store import Store
from trading.execution.governor.telling import Teller
from trading.execution.governor.view import VIEW_SECONDS, hold_field
from trading.execution.governor.views import Views
from trading.execution.governor.windows import Cost, rules_of

BROKEN_WAIT = 1.0  # seconds after which an order that a breaker stopped may ask again


class Governor:
    """One for each event loop that sends. Methods are called from any thread, coroutines there.

    It remembers since when Redis has counted, so it must not outlive its loop.
    """

    def __init__(self, store: Store | None = None, process: str = "") -> None:
        store = store or Store()
        self._views = Views(store, process)
        self._budgets = Budgets(store, self._views)
        self._teller = Teller(store, self._views)
        self._renewals = Renewals(self._budgets.renew)

    def grant(self, route: str, egress: str, wanted: int, *, closing: bool) -> Grant:
        """How many orders may be claimed now for a venue through an address.

        Opens leave the reserve of each window to closes. One round trip; none for paper.
        """
        return self._budgets.grant(route, egress, wanted, closing=closing)

    def grant_reads(
        self, route: str, egress: str, wanted: int, *, cost: Cost, up_to: float = LOOKS
    ) -> Grant:
        """How many reads of ``cost`` each may be made, filling windows to that part at most.

        Reads take no notice of breakers (they tell what became of orders), nor of holds that only
        opens keep.
        """
        return self._budgets.grant_reads(route, egress, wanted, cost=cost, up_to=up_to)

    def give_back(self, route: str, egress: str, count: int, granted_at: float) -> None:
        """Orders that were granted then and not claimed. Best effort: otherwise they age out."""
        self._budgets.give_back(route, egress, count, granted_at)

    def grant_accounts(
        self, route: str, account_ids: Sequence[int], *, closing: bool
    ) -> list[float]:
        """For each account of a chunk, in its order: 0 (counted, may send one) or seconds to wait.

        One round trip for all. An account that stands twice in the chunk is counted twice.
        """
        return self._budgets.grant_accounts(route, account_ids, closing=closing)

    async def clearance(
        self, route: str, egress: str, account_id: int, *, closing: bool, granted_at: float
    ) -> float:
        """Right before a POST: 0 if it may leave, else the seconds after which to try again.

        Answers from what this process knows, which is at most ``VIEW_SECONDS`` old. A grant that
        grew old in a queue is renewed first: venues count arrivals, and two grants must not
        arrive as one.
        """
        rules = rules_of(route)
        if rules.free:
            return 0.0
        view, now = self._views.of(route), time.monotonic()
        if now - view.at > VIEW_SECONDS:
            await self._views.fresh(route, egress)
            now = time.monotonic()
        held = view.held(egress, account_id, now, closing=closing)
        if held:
            return held
        if view.broken_since(egress, granted_at):
            return BROKEN_WAIT
        if now - granted_at > rules.permit_seconds:
            return await self._renewals.ask(Key(route, egress, closing, granted_at), account_id)
        return 0.0

    def observe(
        self,
        route: str,
        egress: str,
        account_id: int,
        result: SendResult,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Learn from an order's answer: holds, the venue's health, what it says is used.

        Never blocks: a thread tells the other processes what they must know. ``headers`` are
        asked for the names in the venue's limits.
        """
        if not rules_of(route).free:
            self._teller.observe(route, egress, account_id, result, headers)

    def hold(
        self,
        route: str,
        seconds: float,
        *,
        egress: str | None = None,
        account_id: int | None = None,
        closes: bool = True,
    ) -> None:
        """Nobody, in any process, sends there before: one account, one address, or the venue.

        Without ``closes``, closes go on. Raises BudgetsAway when the others cannot be told now;
        this process holds all the same.
        """
        if account_id is not None:
            field = hold_field("account", account_id, closes=closes)
        else:
            field = hold_field(None if egress is None else "ip", egress or "", closes=closes)
        self._teller.hold_here(route, field, seconds)
        self._teller.tell_holds(route)

    def held_for(
        self, route: str, egress: str, account_id: int | None = None, *, closing: bool
    ) -> float:
        """Seconds until one may send there, 0 if one may."""
        view = self._views.recent(route, egress)
        return view.held(egress, account_id, time.monotonic(), closing=closing)

    def why_late(self, route: str) -> Code:
        """What kept opens back, that are too old now."""
        return self._budgets.why_late(route)

    def note_in_flight(self, route: str, orders: int) -> None:
        """How many of this process's orders are out; the console shows it."""
        self._views.in_flight[route] = orders
        venue_in_flight.labels(route).set(orders)

    def flush(self) -> None:
        """Wait until the others know what was observed so far."""
        self._teller.flush()

    def close(self) -> None:
        """Tell the others what is still to be told, and end."""
        self._teller.close()
