"""A follower answers a signal that waited for them: everything is decided anew, then ordered.

The receipt's row lock makes answers, the deadline and a close of the strategy one after the other;
whoever finds it no longer pending walks away. What is ordered is the same intent as an automatic
copy's (signal, account, leg), so the database itself refuses a second order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.models import ConsentKind
from accounts.selectors import version_in_force
from accounts.services.consents import ConsentOutdated
from mimic.core.errors import MimicError
from mimic.ops.metrics import approval_latency_seconds, approvals, copy_trades
from signals.models import Action, Direction, Signal
from trading.copying.chunks import signal_terms
from trading.copying.followers import Ranked, followers
from trading.copying.intend import Decided, write_intents
from trading.copying.live import tell_of_answers
from trading.copying.masters import remainders
from trading.domain.calendars import MarketState
from trading.domain.decide import Decision, Follower, Outcome, SignalTerms, decide
from trading.domain.receipts import Code
from trading.execution import budgets
from trading.execution.nudge import nudge_send
from trading.market.calendars import market_states
from trading.market.selectors import market_view
from trading.models import (
    Approval,
    ApprovalDecision,
    CopyExecution,
    CopyMode,
    CopySubscription,
    ExecutionOutcome,
    SubscriptionStatus,
)

_REJECTED = Decision(Outcome.SKIPPED, Code.APPROVAL_REJECTED)
_CLOSED = Decision(Outcome.SKIPPED, Code.CLOSED_BEFORE_SENT)
_PAUSED = Decision(Outcome.SKIPPED, Code.COPY_PAUSED)
_TOO_LATE = (Code.APPROVAL_EXPIRED.value, Code.CLOSED_BEFORE_SENT.value)


class ApprovalNotFound(MimicError):
    """Expected: no copy of yours waits for that signal."""

    code = "approval.not_found"
    status = 404
    title = _("Nothing of yours waits for that signal")


class ApprovalDecided(MimicError):
    """Expected: it was answered before, in another tab or on another device."""

    code = "approval.decided"
    status = 409
    title = _("You have answered this already")


class ApprovalExpired(MimicError):
    """Expected: the signal's time is over, or the strategy has closed it. Nothing was ordered."""

    code = "approval.expired"
    status = 409
    title = _("It is too late to answer: nothing was ordered")


@dataclass(frozen=True, slots=True)
class Answer:
    """``consent_version`` is the disclosure that the person saw beside the question."""

    decision: ApprovalDecision
    consent_version: int | None
    address: str | None
    user_agent: str


@transaction.atomic(durable=True)
def answer_signal(
    *, person_id: int, signal_id: UUID, subscription_id: UUID | None, answer: Answer, now: datetime
) -> list[int]:
    """Command: for all of the person's copies that wait for the signal, or the one named.

    Returns the receipts' ids; each says what the rules made of an approval, order or reason.
    Raises :class:`ApprovalNotFound`, :class:`ApprovalDecided`, :class:`ApprovalExpired`,
    ``ConsentOutdated``.
    """
    mine = CopyExecution.objects.filter(user_id=person_id, signal__public_id=signal_id)
    if subscription_id is not None:
        mine = mine.filter(subscription__public_id=subscription_id)
    pending = mine.filter(outcome=ExecutionOutcome.PENDING).order_by("pk")
    waiting = list(pending.select_for_update(of=("self",)).select_related("account"))
    if not waiting:
        raise _why_not(mine.values_list("pk", "code"))
    signal = Signal.objects.get(pk=waiting[0].signal_id)
    if signal.valid_until is not None and signal.valid_until <= now:
        raise ApprovalExpired()  # the sweeper writes it down
    if answer.decision == ApprovalDecision.APPROVED:
        _same_disclosure(answer.consent_version)
        decided = _approved(signal, waiting, now)
    else:
        decided = [_REJECTED] * len(waiting)
    _write(waiting, decided, answer, now)
    told = [row.pk for row in waiting]
    tell_of_answers(receipts=told, people=[person_id], signal_id=signal.pk)
    return told


def _why_not(receipts: Iterable[tuple[int, str]]) -> MimicError:
    codes = dict(receipts)
    if Approval.objects.filter(execution_id__in=codes).exists():
        return ApprovalDecided()
    too_late = any(code in _TOO_LATE for code in codes.values())
    return ApprovalExpired() if too_late else ApprovalNotFound()


def _same_disclosure(seen: int | None) -> None:
    in_force = version_in_force(ConsentKind.COPY_TRADING)
    if in_force is not None and in_force != seen:
        raise ConsentOutdated(f"version {in_force} is in force")


def _approved(signal: Signal, waiting: Sequence[CopyExecution], now: datetime) -> list[Decision]:
    """Every gate, price and limit as of now, under the accounts' budget locks; orders and all."""
    budgets.lock([row.account_id for row in waiting])
    chunk = [
        Ranked(row.subscription_id, row.account_id, row.account.route, row.rank) for row in waiting
    ]
    known = followers(chunk=chunk, strategy_id=signal.strategy_id, symbol=signal.symbol, now=now)
    terms = signal_terms(signal)
    known = remainders.with_kept(terms, known)
    rules = _Rules(signal, terms, known, now)
    decided = [Decided(known[r.subscription_id], r.rank, rules.decided(r)) for r in waiting]
    remainders.keep(terms, decided, rules.market, now)
    receipts = [(each, row.pk) for each, row in zip(decided, waiting, strict=True)]
    write_intents(signal=signal, receipts=receipts, rooms={}, now=now)
    ordered = [each.follower.route for each in decided if each.decision.order]
    nudge_send(routes=set(ordered), closing=False, orders=len(ordered))
    return [each.decision for each in decided]


class _Rules:
    """What an approval of one signal meets now."""

    def __init__(
        self, signal: Signal, terms: SignalTerms, known: dict[int, Follower], now: datetime
    ) -> None:
        self._known, self._now = known, now
        self._terms = terms
        self.market = market_view(symbol=signal.symbol)
        self._states = market_states(symbol=signal.symbol, now=now)
        self._closed = _closed_since(signal)
        copies = CopySubscription.objects.filter(pk__in=known, status=SubscriptionStatus.ACTIVE)
        self._active = set(copies.values_list("pk", flat=True))

    def decided(self, row: CopyExecution) -> Decision:
        who = self._known[row.subscription_id]
        if self._closed:
            return _CLOSED
        if row.subscription_id not in self._active:
            return _PAUSED
        if who.mode == CopyMode.APPROVAL:
            who = who._replace(mode=CopyMode.AUTO.value)  # this is the approval
        spec, quote = self.market.of(who.venue)
        state = self._states.get(who.venue, MarketState.OPEN)
        return decide(self._terms, who, spec, quote, self._now, state)


def _closed_since(signal: Signal) -> bool:
    """Whether the strategy said a close afterwards that has not been worked on yet."""
    closes = Signal.objects.filter(
        strategy_id=signal.strategy_id,
        symbol=signal.symbol,
        pk__gt=signal.pk,
        action=Action.CLOSE,
        direction__in=(signal.direction, Direction.ANY),
    )
    return closes.exists()


def _write(
    waiting: Sequence[CopyExecution], decided: Sequence[Decision], answer: Answer, now: datetime
) -> None:
    """The receipts' last word before the venue's, and who gave the answer."""
    for row, decision in zip(waiting, decided, strict=True):
        row.outcome, row.code, row.decided_at = decision.outcome.value, decision.code.value, now
        row.inputs |= decision.inputs
        if decision.steps:
            row.steps = [step.as_json() for step in decision.steps]
            row.quantity = decision.steps[-1].after
        row.leverage = decision.order.leverage if decision.order else None
        row.save(update_fields=[
            "outcome", "code", "decided_at", "inputs", "steps", "quantity", "leverage",
        ])  # fmt: skip
        approvals.labels(answer.decision.value).inc()
        approval_latency_seconds.observe((now - row.received_at).total_seconds())
        copy_trades.labels(row.outcome).inc()
    Approval.objects.bulk_create(
        Approval(
            execution_id=row.pk, signal_id=row.signal_id, subscription_id=row.subscription_id,
            user_id=row.user_id, decision=answer.decision, code=row.code,
            consent_version=answer.consent_version, address=answer.address or None,
            user_agent=answer.user_agent[:200], decided_at=now,
        )
        for row in waiting
    )  # fmt: skip
