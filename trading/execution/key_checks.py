"""The live check of exchange keys: asked for by web, done where the signer is.

The open row is the queue. Whoever takes it pushes ``due_at`` ahead as a lease; the venue is asked
outside any transaction; the end is written once, under the account's lock. No answer from the
venue proves nothing about the keys: it is asked again, and an active account stays active.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from mimic.jobs.enqueue import enqueue
from trading.domain.keys import KeyInspector, KeyReport
from trading.domain.ports import AccountSession, Gateway, VenueUnavailable
from trading.execution.connection_states import Cause, lock_account, move_account
from trading.execution.signer import UnreadableKeys, reveal, wrap
from trading.execution.ways_out import open_ways
from trading.models import AccountCheck, AccountState, CheckOutcome, ExchangeAccount
from trading.venues.credentials import key_context, unpack

logger = logging.getLogger(__name__)

JOB = "trading.check_account"
LEASE = timedelta(seconds=60)
ASKED_FOR = 20.0  # seconds that a venue may take over all questions of one check
TRIES = 5
BACKOFF = timedelta(seconds=10)  # doubled with every try
UNANSWERED = "keys.no_answer"
UNREADABLE = "keys.unreadable"
WAY_CLOSED = "the account's way out is closed"

_TRADED = (AccountState.ACTIVE, AccountState.FAILING)


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask and where; the session's id is no account's, so nobody's client is replaced."""

    check_id: int
    route: str
    session: AccountSession


def ask_for_check(*, account: ExchangeAccount, new_keys: bytes | None, now: datetime) -> None:
    """Operation: put a check in the queue in place of one that may be open, and nudge."""
    drop_open_check(account=account, now=now)
    check = AccountCheck.objects.create(
        account=account, sealed_keys=new_keys, asked_at=now, due_at=now
    )
    enqueue(JOB, check_id=check.pk)


def drop_open_check(*, account: ExchangeAccount, now: datetime) -> None:
    """Operation: whatever it would have found does not matter any more."""
    AccountCheck.objects.filter(account=account, ended_at=None).update(
        outcome=CheckOutcome.SUPERSEDED, ended_at=now, sealed_keys=None
    )


def run_check(
    *, check_id: int, ask: Callable[[Question], KeyReport], clock: Callable[[], datetime]
) -> None:
    """One try of one check; harmless when somebody else has it or it has ended."""
    question = begin_check(check_id=check_id, now=clock())
    if question is None:
        return
    try:
        report = ask(question)
    except VenueUnavailable as fault:
        put_off_check(check_id=check_id, fault=str(fault), now=clock())
        return
    except Exception as fault:  # ours to repair; the check must not be tried for ever
        logger.exception("key check failed", extra={"check": check_id})
        put_off_check(check_id=check_id, fault=type(fault).__name__, now=clock())
        return
    end_check(check_id=check_id, report=report, now=clock())


async def ask_venue(
    gateway_of: Callable[[str], Awaitable[Gateway]], question: Question
) -> KeyReport:
    """Raises VenueUnavailable when the venue, or its adapter, does not tell in time."""
    gateway = await gateway_of(question.route)
    if not isinstance(gateway, KeyInspector):
        raise VenueUnavailable("this adapter cannot check keys")
    try:
        return await asyncio.wait_for(gateway.inspect(question.session), ASKED_FOR)
    except TimeoutError:
        raise VenueUnavailable("timeout") from None


@transaction.atomic(durable=True)
def begin_check(*, check_id: int, now: datetime) -> Question | None:
    """Command: take a due check and open its keys. None if it is not to be had."""
    check = _open_check(check_id)
    if check is None or check.due_at > now:
        return None
    check.due_at, check.tries = now + LEASE, check.tries + 1
    check.save(update_fields=["due_at", "tries"])
    account = check.account
    try:
        credentials = unpack(reveal(_stored(check), context=key_context(account.public_id)))
    except (UnreadableKeys, ValueError):
        _refuse(check, KeyReport(refused=UNREADABLE), UNREADABLE, now)
        return None
    ways = open_ways({account.egress_id} if account.egress_id else ())
    egress = ways.get(account.egress_id or 0, ())
    if account.egress_id and not egress:
        check.message = WAY_CLOSED  # its keys are bound to that way's address: wait for it
        check.save(update_fields=["message"])
        return None
    demo = account.kind == ExchangeAccount.Kind.DEMO
    session = AccountSession(-check.pk, account.venue_id, credentials, demo=demo, egress=egress)
    return Question(check.pk, account.route, session)


@transaction.atomic(durable=True)
def put_off_check(*, check_id: int, fault: str, now: datetime) -> None:
    """Command: the venue did not answer; try later, or give up after the last try."""
    check = _open_check(check_id)
    if check is None:
        return
    if check.tries < TRIES:
        check.message = fault[:200]
        check.due_at = now + BACKOFF * 2 ** (check.tries - 1)
        check.save(update_fields=["message", "due_at"])
        return
    move_account(account=check.account, cause=Cause.REFUSE, reason=UNANSWERED, now=now)
    report = KeyReport(message=fault)
    _close(check, CheckOutcome.NO_ANSWER, UNANSWERED, report, now)


@transaction.atomic(durable=True)
def end_check(*, check_id: int, report: KeyReport, now: datetime) -> None:
    """Command: the venue's word becomes the account's state; new keys that pass are wrapped."""
    check = _open_check(check_id)
    if check is None:
        return
    account = check.account
    problem = objection(report)
    if problem:
        _refuse(check, report, problem, now)
        return
    context = key_context(account.public_id)
    account.sealed_keys = wrap(reveal(_stored(check), context=context), context=context)
    account.save(update_fields=["sealed_keys"])
    doubt = approval_reason(account, report)
    if doubt and account.state == AccountState.CHECKING:
        move_account(account=account, cause=Cause.HOLD, reason=doubt, now=now)
    else:
        move_account(account=account, cause=Cause.ADMIT, now=now)
    _close(check, CheckOutcome.PASSED, "", report, now)


def objection(report: KeyReport) -> str:
    """Why such keys are not taken; empty if they may be."""
    if report.refused:
        return "keys.refused"
    if report.can_withdraw:
        return "keys.can_withdraw"
    return "keys.cannot_trade" if report.can_trade is False else ""


def approval_reason(account: ExchangeAccount, report: KeyReport) -> str:
    """Why an operator must look first: the venue's setting, or rights that it does not tell."""
    if account.venue.needs_approval:
        return "approval.venue"
    return "approval.rights_unknown" if report.can_withdraw is None else ""


def sweep_checks(now: datetime, broker_answers: Callable[[], bool]) -> int:
    """Sweeper: due checks whose nudge or worker was lost are nudged again."""
    late = AccountCheck.objects.filter(ended_at=None, due_at__lt=now - timedelta(seconds=2))
    found = list(late.order_by("due_at").values_list("pk", flat=True)[:50])
    if not found or not broker_answers():
        return 0
    for check_id in found:
        enqueue(JOB, check_id=check_id)
    return len(found)


def _open_check(check_id: int) -> AccountCheck | None:
    """The check with its account, both locked, account first; None if it has ended."""
    row = AccountCheck.objects.filter(pk=check_id).values_list("account_id", flat=True).first()
    if row is None:
        return None
    account = lock_account(row)
    check = AccountCheck.objects.filter(pk=check_id, ended_at=None).first()
    if check is not None:
        check.account = account
    return check


def _stored(check: AccountCheck) -> bytes:
    return bytes(check.sealed_keys or check.account.sealed_keys or b"")


def _refuse(check: AccountCheck, report: KeyReport, problem: str, now: datetime) -> None:
    """New keys of an account that trades are dropped, and it goes on with its old ones."""
    account = check.account
    if check.sealed_keys is None or account.state not in _TRADED:
        cause = Cause.FAIL if account.state in _TRADED else Cause.REFUSE
        move_account(account=account, cause=cause, reason=problem, now=now)
    _close(check, CheckOutcome.REFUSED, problem, report, now)


def _close(
    check: AccountCheck, outcome: CheckOutcome, code: str, report: KeyReport, now: datetime
) -> None:
    AccountCheck.objects.filter(pk=check.pk).update(
        outcome=outcome,
        ended_at=now,
        code=code,
        sealed_keys=None,
        message=report.message[:200],
        can_trade=report.can_trade,
        can_withdraw=report.can_withdraw,
        ip_restricted=report.ip_restricted,
        hedge=report.hedge,
        margin_mode=report.margin_mode,
        clock_ahead_ms=report.clock_ahead_ms,
    )
    if report.hedge is not None:
        ExchangeAccount.objects.filter(pk=check.account_id).update(hedge=report.hedge)
