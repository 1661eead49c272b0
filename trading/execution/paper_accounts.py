"""A person's practice account: play money at a venue's own prices, no keys, no check."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.models import User
from mimic.core.errors import MimicError
from trading.execution.connection_states import Cause, move_account
from trading.execution.connections import accounts_of_person
from trading.models import AccountBudget, ExchangeAccount, Venue
from trading.paper.snapshots import DEFAULT_DEPOSIT

LABEL = "Paper"


class NoPaperMarket(MimicError):
    """Expected on a fresh installation: no venue's prices are known yet. Try again later."""

    code = "paper.no_market"
    status = 409
    title = _("No exchange's prices are known yet")


@transaction.atomic(durable=True)
def open_paper_account(*, user: User, now: datetime) -> ExchangeAccount:
    """Command: the person's paper account, ready to trade; one they have already is that one.

    Two clicks at once wait for each other at the person's row. Raises :class:`NoPaperMarket`.
    """
    User.objects.select_for_update().get(pk=user.pk)
    mine = accounts_of_person(user.pk)
    present = mine.filter(kind=ExchangeAccount.Kind.PAPER).first()
    if present is not None:
        return present
    account = ExchangeAccount.objects.create(
        user=user,
        venue=_venue(),
        kind=ExchangeAccount.Kind.PAPER,
        route="paper",
        label=_free_label(user),
        paper_deposit=DEFAULT_DEPOSIT,
    )
    AccountBudget.objects.create(
        account=account, equity=DEFAULT_DEPOSIT, margin_cap=DEFAULT_DEPOSIT, snapshot_at=now
    )
    move_account(account=account, cause=Cause.PRACTISE, by=user, now=now)
    return account


def _venue() -> Venue:
    """Whose prices it trades at: of the best tier, one whose prices are known."""
    known = Venue.objects.filter(enabled=True, instruments__price__isnull=False)
    found = known.distinct().order_by("tier", "-proven", "code").first()
    if found is None:
        raise NoPaperMarket()
    return found


def _free_label(user: User) -> str:
    taken = set(ExchangeAccount.objects.filter(user=user).values_list("label", flat=True))
    numbered = (f"{LABEL} {number}" for number in range(2, len(taken) + 3))
    return next(each for each in (LABEL, *numbered) if each not in taken)
