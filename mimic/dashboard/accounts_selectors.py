"""What the pages about exchange accounts show; nothing of the keys is ever read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from django.conf import settings
from django.db.models import Q

from trading.execution.connection_wording import (
    OUTCOME_TONES,
    QUESTIONS,
    STATE_TONES,
    Finding,
    Meaning,
    explain_check,
    findings,
    state_meaning,
)
from trading.execution.connections import (
    accounts_of_person,
    last_check,
    offered_venues,
    removed,
    with_last_check,
)
from trading.execution.key_checks import TRIES
from trading.market import wording
from trading.models import (
    AccountCheck,
    AccountEvent,
    AccountState,
    Egress,
    ExchangeAccount,
    Venue,
)

EVENTS = 20
_WANT_KEYS = (AccountState.DRAFT, AccountState.REJECTED, AccountState.FAILING)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account on a page. ``checking``: a live check is under way."""

    account: ExchangeAccount
    tone: str
    meaning: Meaning
    check: AccountCheck | None
    check_tone: str
    synced_at: datetime | None
    checking: bool

    @property
    def is_paper(self) -> bool:
        return self.account.kind == ExchangeAccount.Kind.PAPER

    @property
    def wants_keys(self) -> bool:
        """New keys are what helps."""
        return self.account.state in _WANT_KEYS and not self.is_paper


@dataclass(frozen=True, slots=True)
class Progress:
    """A live check as its owner watches it: findings, or the questions while it is open."""

    open: bool
    findings: list[Finding]
    reason: str
    message: str
    tries: int
    most_tries: int
    due_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class VenueCard:
    """A venue that an account can be connected at, in words."""

    venue: Venue
    markets: str
    keys: str
    modes: str
    practice: bool


def lines_of(user_id: int) -> list[AccountLine]:
    """All accounts of a person: three queries, whatever their number."""
    accounts = with_last_check(accounts_of_person(user_id))
    open_checks = AccountCheck.objects.filter(account__user_id=user_id, ended_at=None)
    checking = set(open_checks.values_list("account_id", flat=True))
    return [line_of(account, checking=account.pk in checking) for account in accounts]


def line_of(account: ExchangeAccount, *, checking: bool) -> AccountLine:
    check = last_check(account)
    return AccountLine(
        account=account,
        tone=STATE_TONES[account.state],
        meaning=state_meaning(account),
        check=check,
        check_tone=OUTCOME_TONES[check.outcome] if check else "",
        synced_at=account.budget.snapshot_at,
        checking=checking,
    )


def removed_labels(user_id: int) -> Sequence[tuple[str, str]]:
    """(label, venue) of accounts that the person gave up."""
    rows = ExchangeAccount.objects.filter(removed(), user_id=user_id)
    return list(rows.order_by("label").values_list("label", "venue__name"))


def progress_of(account: ExchangeAccount) -> Progress | None:
    """The newest check, open or ended; None for an account that never had one."""
    checks = AccountCheck.objects.filter(account=account).defer("sealed_keys")
    check = checks.order_by("-asked_at", "-pk").first()
    if check is None:
        return None
    waiting = check.ended_at is None
    return Progress(
        open=waiting,
        findings=[Finding(text, "", "wait") for text in QUESTIONS] if waiting else findings(check),
        reason=explain_check(check),
        message=check.message,
        tries=check.tries,
        most_tries=TRIES,
        due_at=check.due_at,
        ended_at=check.ended_at,
    )


def events_of(account: ExchangeAccount) -> list[AccountEvent]:
    """The newest changes of its state. Who acted for us stays inside."""
    return list(AccountEvent.objects.filter(account=account)[:EVENTS])


def own_addresses() -> list[str]:
    """Where requests come from, to bind keys to; empty if the operator has not set EGRESS_IPS."""
    networks = settings.EGRESS_NETWORKS
    return [str(net[0]) if net.num_addresses == 1 else str(net) for net in networks]


def addresses_of(account: ExchangeAccount) -> list[str]:
    """The same for one account: with a way out of its own, all addresses of that one's pool."""
    if account.egress is None:
        return own_addresses()
    mates = Egress.objects.filter(enabled=True, pool=account.egress.pool)
    hosts = mates.values_list("host", flat=True)
    return [address for host in hosts if _is_address(address := host.rpartition(":")[0])]


def _is_address(text: str) -> bool:
    """Exchanges bind keys to addresses; the name of a proxy says nothing to them."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def venues_for(term: str) -> list[VenueCard]:
    """Venues that are offered, by tier; ``term`` is looked for in name and code."""
    wanted = Q(name__icontains=term) | Q(code__icontains=term)
    return [card_of(venue) for venue in offered_venues().filter(wanted)]


def card_of(venue: Venue) -> VenueCard:
    return VenueCard(
        venue=venue,
        markets=wording.spelled(venue.markets, wording.MARKETS),
        keys=wording.spelled(venue.credentials, wording.CREDENTIALS),
        modes=wording.spelled(venue.position_modes, wording.POSITION_MODES),
        practice=venue.demo == Venue.Demo.DEMO,
    )
