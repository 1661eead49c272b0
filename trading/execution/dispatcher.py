"""The sending process's event loop: claimed orders go out side by side, answers come back in bulk.

Who plans or claims orders hands them over and is done; the rows' lease is the guarantee. The loop
keeps every venue's connections, renews leases, re-checks the lease right before each POST, and
writes answers in batches from a thread. One venue that hangs holds only its own lanes.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from random import uniform
from typing import Any, TypeVar

import uvloop
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from mimic.core.thread_connections import in_thread
from mimic.ops.metrics import order_send_seconds
from trading.domain.ports import Gateway
from trading.execution.cancels import take_cancels
from trading.execution.checkpoint import checkpoint
from trading.execution.claims import Job, equip, put_back, take_orders
from trading.execution.departure import SAFETY, Held, departing, is_ours
from trading.execution.due import take_due
from trading.execution.egress_selectors import Way, ways_in_use
from trading.execution.findings import Due
from trading.execution.gateways import adapter_of, open_gateway
from trading.execution.governor import Governor, Grant
from trading.execution.lanes import Lanes
from trading.execution.looking import Looks
from trading.execution.recall import recall_killed
from trading.execution.recovery import recognise
from trading.execution.settle import Answer, settle_answers
from trading.execution.transitions import LEASE, Claimed, renew
from trading.execution.ways_out import egress_name
from trading.venues.limits import limits_of

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

CHUNK = 200
HELD_PER_ROUTE = 2_000  # claimed and not yet written; beyond it orders wait in the database
WRITERS = 2  # batches of one route that are written at once
WAYS_KNOWN = 5.0  # seconds that the ways out of a route's accounts are taken as known
LEAST_WAIT = 0.05  # seconds before a budget that was used up is asked for again
BATCH = 500  # answers that are written at once
BATCH_EVERY = 0.01  # seconds that answers are gathered before they are written,
BATCH_SENDING = 0.1  # and while orders of the route are still planned here or go out
RENEW_EVERY = LEASE.total_seconds() / 3
WRITE_TRIES = 5


def _utc_now() -> datetime:
    return datetime.now(UTC)


class _Route:
    """What is going on for one route; touched by the loop's thread alone."""

    def __init__(
        self, route: str, place: Callable[[Job], Coroutine[Any, Any, None]], in_flight: int
    ) -> None:
        self.lanes: Lanes[Job] = Lanes(place, in_flight)
        self.gateway: asyncio.Task[Gateway] | None = None
        self.opened: Gateway | None = None
        self.answers: list[Answer] = []
        self.kept_back: list[tuple[Claimed, float]] = []
        self.writers = 0
        self.seconds = order_send_seconds.labels(route)


class _Hold:
    """Implements :class:`trading.execution.sender.Hold`."""

    def __init__(self, dispatcher: Dispatcher, route: str, grant: Grant) -> None:
        self.room = grant.granted
        self.sent = 0
        self._grant = grant
        self._dispatcher = dispatcher
        self._route = route
        self._since = time.monotonic()  # before the lease's own clock: our deadline comes first

    def send(self, orders: Sequence[Claimed]) -> None:
        self.sent = len(orders)
        if orders:
            deadline = self._since + LEASE.total_seconds() - SAFETY
            self._dispatcher.adopt(self._route, orders, deadline, self._grant.at)


class Dispatcher:
    """One a process. Its public methods are called from any thread; ``drain`` ends it."""

    def __init__(self, clock: Callable[[], datetime] = _utc_now) -> None:
        self._clock = clock
        self._loop = uvloop.new_event_loop()
        self._database = ThreadPoolExecutor(4, thread_name_prefix="dispatcher-db")
        self._planners = ThreadPoolExecutor(2, thread_name_prefix="dispatcher-plan")
        self.governor = Governor()
        self._looks = Looks(self)
        self._asking: set[tuple[str, bool]] = set()
        self._ways_known: dict[str, tuple[float, list[Way]]] = {}
        self._routes: dict[str, _Route] = {}
        self._held: dict[str, dict[int, Held]] = defaultdict(dict)
        self._promised: dict[str, int] = defaultdict(int)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._pending: set[Future[Any]] = set()
        self._connections: set[BaseDatabaseWrapper] = set()
        self._draining = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._thread.start()
        self._renewal = self._submit(self._renew_leases())
        self._recall = self._submit(recall_killed(self._held, self.in_database, clock))

    def send(self, route: str, *, closing: bool) -> int:
        """Claim planned orders of ``route`` while there is room, hand them to the loop.

        Returns how many were claimed. What has no room stays planned; the loop asks for more
        as answers are written.
        """
        recognise(self._clock())
        ways = self._ways(route)
        return sum(self._send_by(route, way, closing, only=len(ways) == 1) for way in ways)

    def _send_by(self, route: str, way: Way, closing: bool, *, only: bool) -> int:
        total = 0
        while not self._draining.is_set():
            with self._hold(route, CHUNK, way.name, closing=closing) as hold:
                claimed: list[Claimed] = []
                if hold.room:
                    claimed = take_orders(
                        route=route, closing=closing, limit=hold.room, now=self._clock(),
                        way=None if only else way,
                    )  # fmt: skip
                checkpoint("claimed")
                hold.send(claimed)
            total += len(claimed)
            if len(claimed) < CHUNK:
                break
        return total

    @contextmanager
    def alongside(self, work: Callable[[], None]) -> Iterator[None]:
        """Implements :class:`trading.execution.sender.Sender`."""
        running = self._planners.submit(self._with_connection(work))
        try:
            yield
        finally:
            if not running.cancel():  # else no thread was free, and there is nothing left to do
                running.result()

    @contextmanager
    def hold(self, route: str, wanted: int, *, closing: bool) -> Iterator[_Hold]:
        """Implements :class:`trading.execution.sender.Sender`.

        Where accounts leave by several ways the planner does not know which: it gets no room, and
        its orders are claimed way by way.
        """
        ways = self._ways(route)
        only = ways[0].name if len(ways) == 1 else ""
        with self._hold(route, wanted if only else 0, only, closing=closing) as hold:
            yield hold

    def _ways(self, route: str) -> list[Way]:
        until, ways = self._ways_known.get(route, (0.0, []))
        if time.monotonic() > until or not ways:
            ways = ways_in_use(route)
            self._ways_known[route] = (time.monotonic() + WAYS_KNOWN, ways)
        return ways

    @contextmanager
    def _hold(self, route: str, wanted: int, egress: str, *, closing: bool) -> Iterator[_Hold]:
        with self._lock:
            taken = len(self._held[route]) + self._promised[route]
            room = 0 if self._draining.is_set() else max(0, min(wanted, HELD_PER_ROUTE - taken))
            self._promised[route] += room
        grant = self.governor.grant(route, egress, room, closing=closing)
        hold = _Hold(self, route, grant)
        try:
            yield hold
        finally:
            with self._lock:
                self._promised[route] -= room
            self.governor.give_back(route, egress, grant.granted - hold.sent, grant.at)
            if hold.sent == grant.granted < room:
                self._ask_later(route, closing, grant.wait)

    def _ask_later(self, route: str, closing: bool, wait: float) -> None:
        """The budget was too small: come back when there is more of it."""
        with self._lock:
            if (route, closing) in self._asking:
                return
            self._asking.add((route, closing))
        delay = max(wait, LEAST_WAIT) * uniform(1.0, 1.1)  # noqa: S311 - no secret
        self._loop.call_soon_threadsafe(self._loop.call_later, delay, self._ask_now, route, closing)

    def _ask_now(self, route: str, closing: bool) -> None:
        self._asking.discard((route, closing))
        if not self._draining.is_set():
            work = self.in_database(partial(self.send, route, closing=closing))
            self._watch(self._submit(work))

    def adopt(
        self, route: str, orders: Sequence[Claimed], deadline: float, granted_at: float
    ) -> None:
        """Take over orders that are claimed for this process and committed."""
        with self._lock:
            self._held[route].update(
                (order.order_id, Held(order.fence, deadline, granted_at)) for order in orders
            )
        self._watch(self._submit(self._send_all(route, orders)))

    def look(self, *, limit: int = CHUNK) -> int:
        """Take orders whose look is due and ask their venues; returns how many."""
        due = take_due(limit=limit, now=self._clock())
        if due:
            self._watch(self._submit(self._look(due)))
        return len(due)

    def cancel(self, *, limit: int = CHUNK) -> int:
        """Take orders that somebody wants gone and ask their venues; returns how many."""
        wanted = take_cancels(limit=limit, now=self._clock())
        if wanted:
            self._watch(self._submit(self._looks.take_out(wanted)))
        return len(wanted)

    def call(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Run a coroutine on the loop and wait for it. Not for order paths."""
        return self._submit(work()).result()

    async def gateway(self, route: str) -> Gateway:
        """The route's gateway, opened once in this loop."""
        state = self._route(route)
        if state.gateway is None or (state.gateway.done() and state.gateway.exception()):
            state.gateway = asyncio.create_task(self._open(route))
        state.opened = await state.gateway
        return state.opened

    def now(self) -> datetime:
        """Implements :class:`trading.execution.looking.Surroundings`."""
        return self._clock()

    def sends(self, route: str) -> bool:
        """Implements :class:`trading.execution.looking.Surroundings`."""
        return bool(self._held[route])

    @property
    def busy(self) -> bool:
        """Whether anything is on its way out or back."""
        return any(self._held.values()) or bool(self._tasks) or bool(self._pending)

    def drain(self, timeout: float = 20.0) -> None:
        """Take nothing new, wait for what is out, write it, close connections."""
        self._draining.set()
        limit = time.monotonic() + timeout
        while any(self._held.values()) and time.monotonic() < limit:
            time.sleep(0.05)
        self._renewal.cancel()
        self._recall.cancel()
        self._submit(self._close()).result(timeout=5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self.governor.close()
        self._planners.shutdown(wait=True)
        self._database.shutdown(wait=True)
        for connection in self._connections:  # made by threads that are gone now
            connection.inc_thread_sharing()
            connection.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _submit(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def in_database(self, work: Callable[[], Result]) -> Result:
        """On a thread of the loop's own, with its connection."""
        return await self._loop.run_in_executor(self._database, self._with_connection(work))

    def _with_connection(self, work: Callable[[], Result]) -> Callable[[], Result]:
        def with_connection() -> Result:
            self._connections.add(connections["default"])
            return work()

        return in_thread(with_connection)

    def _watch(self, work: Future[Any]) -> None:
        """Nobody waits for this work: its fault is logged, its rows are found again."""
        self._pending.add(work)
        work.add_done_callback(self._ended)

    def _ended(self, work: Future[Any]) -> None:
        self._pending.discard(work)
        if not work.cancelled() and work.exception() is not None:
            logger.error("dispatcher's work failed", exc_info=work.exception())

    def _route(self, route: str) -> _Route:
        state = self._routes.get(route)
        if state is None:
            state = self._routes[route] = _Route(
                route, partial(self._send_one, route), limits_of(route).in_flight
            )
        return state

    async def _open(self, route: str) -> Gateway:
        adapter = await self.in_database(partial(adapter_of, route))
        return open_gateway(route, adapter)

    async def _send_all(self, route: str, orders: Sequence[Claimed]) -> None:
        """Whatever fails here leaves leases that run out: the orders are asked about then."""
        sent: set[int] = set()
        try:
            await self.gateway(route)
            jobs = await self.in_database(partial(self._admitted, route, orders))
            self._route(route).lanes.add(jobs)
            sent = {job.order.order_id for job in jobs}
        finally:
            for order in orders:
                if order.order_id not in sent:
                    self._let_go(route, order)

    def _admitted(self, route: str, orders: Sequence[Claimed]) -> list[Job]:
        """Those whose accounts may send now; the others are planned again."""
        ids, now = [order.account_id for order in orders], self._clock()
        waits = self.governor.grant_accounts(route, ids, closing=orders[0].reduce_only)
        late = [(order, wait) for order, wait in zip(orders, waits, strict=True) if wait]
        if late:
            put_back(late, now)
        free = [order for order, wait in zip(orders, waits, strict=True) if not wait]
        return equip(free, now=now)

    async def _send_one(self, route: str, job: Job) -> None:
        order, state, egress = job.order, self._routes[route], egress_name(job.session)
        if not await self._may_leave(route, egress, state, order):
            return
        held = self._held[route].get(order.order_id)
        request = departing(order, held)
        if held is None or request is None or state.opened is None:
            self._let_go(route, order)
            return
        self._held[route][order.order_id] = held._replace(out=True)
        checkpoint("sending")
        sent_at, started = self._clock(), time.perf_counter()
        try:
            result = await state.opened.place(job.session, request)
        except BaseException:  # places answer, they do not raise: the lease runs out, and we ask
            self._let_go(route, order)
            raise
        state.seconds.observe(time.perf_counter() - started)
        checkpoint("answered")
        self.governor.observe(route, egress, order.account_id, result, result.headers)
        state.answers.append(Answer(order, result, sent_at, self._clock()))
        self._write_soon(route, state)

    async def _may_leave(self, route: str, egress: str, state: _Route, order: Claimed) -> bool:
        """Not if it is not ours any more, nor while a limit or a breaker keeps it back."""
        held = self._held[route].get(order.order_id)
        if not is_ours(held, order):
            return False
        wait = await self.governor.clearance(
            route,
            egress,
            order.account_id,
            closing=order.reduce_only,
            granted_at=held.granted_at,
        )
        if wait:
            state.kept_back.append((order, wait))
            self._write_soon(route, state)
        return not wait

    def _let_go(self, route: str, order: Claimed) -> None:
        """Of this claim alone: the order may have been taken again since."""
        if is_ours(self._held[route].get(order.order_id), order):
            del self._held[route][order.order_id]

    def _write_soon(self, route: str, state: _Route) -> None:
        if state.writers == 0 or (state.writers < WRITERS and len(state.answers) >= BATCH):
            state.writers += 1
            self._keep(asyncio.create_task(self._write(route, state)))

    async def _write(self, route: str, state: _Route) -> None:
        """Write answers in batches until there are none; then ask for more orders."""
        while True:
            await self._gather_answers(route, state)
            late, state.kept_back = state.kept_back, []
            if late:
                await self.in_database(partial(put_back, late, self._clock()))
                for order, _ in late:
                    self._let_go(route, order)
            batch, state.answers = state.answers[:BATCH], state.answers[BATCH:]
            if not batch and not late:
                break
            if batch:
                await self._write_batch(route, batch)
            for answer in batch:
                self._let_go(route, answer.order)
            self.governor.note_in_flight(route, len(self._held[route]))
        state.writers -= 1
        if state.writers == 0 and not self._draining.is_set():
            await self.in_database(partial(self._refill, route))

    async def _gather_answers(self, route: str, state: _Route) -> None:
        """Fewer, larger writes while orders go out: they need the processor more."""
        limit = time.monotonic() + BATCH_SENDING
        await asyncio.sleep(BATCH_EVERY)
        while len(state.answers) < BATCH and time.monotonic() < limit:
            if state.lanes.idle and not self._promised[route]:
                break
            await asyncio.sleep(BATCH_EVERY)

    def _refill(self, route: str) -> None:
        for closing in (True, False):
            self.send(route, closing=closing)
        self.look()

    async def _write_batch(self, route: str, batch: Sequence[Answer]) -> None:
        for attempt in range(WRITE_TRIES):
            try:
                now = self._clock()
                await self.in_database(partial(settle_answers, route=route, answers=batch, now=now))
            except DatabaseError:
                logger.exception("answers not written", extra={"route": route, "try": attempt})
                await asyncio.sleep(0.5 * 2**attempt)
            else:
                return
        logger.error("answers lost; their orders will be asked about", extra={"route": route})

    async def _look(self, due: Sequence[Due]) -> None:
        await self._looks.at(due)
        if len(due) >= CHUNK and not self._draining.is_set():
            await self.in_database(self.look)

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            for route, held in list(self._held.items()):
                pairs = [(order_id, each.fence) for order_id, each in list(held.items())]
                if not pairs:
                    continue
                renewed_at = time.monotonic()
                try:
                    mine = await self.in_database(partial(renew, pairs, self._clock()))
                except DatabaseError:
                    logger.exception("leases not renewed", extra={"route": route})
                    continue
                deadline = renewed_at + LEASE.total_seconds() - SAFETY
                for order_id, fence in pairs:
                    now_held = held.get(order_id)
                    if order_id in mine and now_held is not None and now_held.fence == fence:
                        held[order_id] = now_held._replace(deadline=deadline)

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _close(self) -> None:
        for state in self._routes.values():
            if state.gateway is not None and state.gateway.done() and not state.gateway.exception():
                await state.gateway.result().close()
