"""What this process learned from answers, told to all the others."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from random import uniform

from mimic.ops.metrics import venue_breakers_opened, venue_holds
from trading.domain.ports import Outcome, SendResult
from trading.execution.governor.hearsay import Hearsay, Tally
from trading.execution.governor.store import BudgetsAway, Store
from trading.execution.governor.view import hold_field
from trading.execution.governor.views import Views
from trading.execution.governor.windows import rules_of
from trading.venues.limits import UNWELL, reaction

logger = logging.getLogger(__name__)

FAILURES = 5  # in a row through one address; twice as many whatever the address: the whole venue
MEMORY = 60.0  # seconds within which they count
COOL_DOWN = 5.0  # seconds, doubled each time in a row; ± a fifth, so that workers do not march
LONGEST_COOL_DOWN = 60.0


class Teller:
    """``observe`` never blocks; a thread of ours tells the others."""

    def __init__(self, store: Store, views: Views) -> None:
        self._store = store
        self._views = views
        self._hearsay = Hearsay()
        self._queued: set[str] = set()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="governor")

    def observe(
        self,
        route: str,
        egress: str,
        account_id: int,
        result: SendResult,
        headers: Mapping[str, str] | None,
    ) -> None:
        rules = rules_of(route)
        code = "" if result.outcome is Outcome.CONFIRMED else result.code
        wanted = reaction(rules.limits, code, result.venue_code) if code else None
        if wanted is not None:
            name = egress if wanted.scope == "ip" else account_id
            field = hold_field(wanted.scope, name, closes=wanted.closes)
            self.hold_here(route, field, result.retry_after or wanted.seconds)
            news = True
        else:
            news = _speaks(result) and self._hearsay.health(
                route, egress, code, troubled=self._views.of(route).in_trouble(egress)
            )
        if headers and self._hearsay.use(route, egress, account_id, rules, headers):
            news = True
        if news:
            self._tell_soon(route)

    def hold_here(self, route: str, field: str, seconds: float) -> None:
        """In force in this process at once; :meth:`tell_holds` makes it so everywhere."""
        self._views.of(route).hold(field, time.monotonic() + seconds)
        venue_holds.labels(route).inc()
        logger.warning("venue held", extra={"route": route, "who": field, "seconds": seconds})

    def tell(self, route: str) -> None:
        """Raises BudgetsAway; holds are kept until they could be told."""
        self.tell_holds(route)
        news = self._hearsay.take(route)
        for (scope, counter), uses in news.uses.items():
            self._store.raise_to(route, scope, uses, counter.bucket_ms)
        for egress, tally in news.tallies.items():
            self._tell_health(route, egress, tally)
            self._views.look(route, egress)

    def tell_holds(self, route: str) -> None:
        view, now = self._views.of(route), time.monotonic()
        own = dict(view.own)
        if own:
            self._store.hold(route, {name: until - now for name, until in own.items()})
            view.told(own)

    def flush(self) -> None:
        """Wait until what is queued was told, or could not be."""
        self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """Tell what is queued, then end the thread."""
        self._thread.shutdown(wait=True)

    def _tell_soon(self, route: str) -> None:
        with self._lock:
            if route in self._queued:
                return
            self._queued.add(route)
        self._thread.submit(self._tell_quietly, route)

    def _tell_quietly(self, route: str) -> None:
        with self._lock:
            self._queued.discard(route)
        try:
            self.tell(route)
        except BudgetsAway:
            logger.warning("the others could not be told", extra={"route": route})

    def _tell_health(self, route: str, egress: str, tally: Tally) -> None:
        opened = self._store.report(
            route,
            {"*": 1} if tally.maintenance else {"*": 2 * FAILURES, egress: FAILURES},
            answered=tally.answered,
            failures=tally.failures,
            maintenance=tally.maintenance,
            times_ms=(
                round(MEMORY * 1000),
                round(COOL_DOWN * 1000 * uniform(0.8, 1.2)),  # noqa: S311 - no secret
                round(LONGEST_COOL_DOWN * 1000),
            ),
        )
        if opened:
            venue_breakers_opened.labels(route).inc()
            logger.error("breaker opened", extra={"route": route, "scopes": opened})


def _speaks(result: SendResult) -> bool:
    """Whether a result says anything of the venue; what we refused ourselves does not."""
    confirmed = result.outcome is Outcome.CONFIRMED
    return confirmed or bool(result.venue_code) or result.code in UNWELL
