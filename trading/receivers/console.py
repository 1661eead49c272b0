"""Trading's tiles and its part of the console's sidebar."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.console.dashboard import Tile, register_tile
from mimic.console.display import show_age
from mimic.console.sidebar import ModelLink, PageLink, register_section
from mimic.ops.heartbeat import missing_heartbeats
from signals.models import InboxMessage
from signals.selectors import refused_since
from trading.copying.summary import receipts_since, recent_times
from trading.domain.orders import OrderStatus
from trading.execution import recovery
from trading.execution.watched import STALE_AFTER
from trading.models import (
    AccountCheck,
    AccountState,
    AccountStream,
    CheckOutcome,
    CopySubscription,
    Divergence,
    ExchangeAccount,
    KeyGuard,
    KillSwitch,
    MasterAccount,
    Order,
    SignalFanout,
    StreamState,
    SubscriptionStatus,
    Venue,
)
from trading.reconciliation.rounds import overdue_by_venue
from trading.reconciliation.selectors import LASTED

HOUR = timedelta(hours=1)
UNCLEAR = (OrderStatus.UNKNOWN.value, OrderStatus.NEEDS_PERSON.value)


def connect() -> None:
    """Called once from ``TradingConfig.ready``."""
    register_section(
        "monitor",
        ModelLink(_("Fan-outs"), "trading.signalfanout", icon="account_tree", badge=_waiting),
        ModelLink(_("Kill switches"), "trading.killswitch", icon="dangerous", badge=_killed),
        PageLink(_("Block all opens"), "admin:trading_kill_block_opens", icon="block"),
        ModelLink(_("User streams"), "trading.accountstream", icon="hearing", badge=_deaf),
        ModelLink(_("Repairs"), "trading.repair", icon="build"),
        ModelLink(_("Divergences"), "trading.divergence", icon="compare", badge=_divergent),
        ModelLink(_("Reconciliations"), "trading.reconciliation", icon="sync_problem"),
        ModelLink(_("Wallets"), "trading.walletmark", icon="account_balance_wallet"),
        ModelLink(_("Recoveries"), "trading.recovery", icon="restore"),
        ModelLink(_("Heartbeats"), "ops.heartbeat", icon="ecg_heart"),
    )
    register_section(
        "trading",
        ModelLink(_("Orders"), "trading.order", icon="receipt"),
        ModelLink(_("Orders in doubt"), "trading.orderindoubt", icon="help", badge=_unclear),
        ModelLink(_("Attempts"), "trading.orderattempt", icon="send"),
        ModelLink(_("Order events"), "trading.orderevent", icon="timeline"),
        ModelLink(_("Fills"), "trading.fill", icon="done_all"),
        ModelLink(_("Positions"), "trading.position", icon="stacked_line_chart"),
        ModelLink(_("Virtual positions"), "trading.virtualposition", icon="layers"),
        ModelLink(_("Trades"), "trading.trade", icon="swap_horiz"),
        ModelLink(_("Money movements"), "trading.moneymovement", icon="payments"),
        ModelLink(_("External orders"), "trading.externalorder", icon="person_edit"),
        ModelLink(_("External fills"), "trading.externalfill", icon="person_check"),
        ModelLink(_("External positions"), "trading.externalposition", icon="person_pin"),
        ModelLink(_("Venues"), "trading.venue", icon="account_balance", badge=_venues_enabled),
        ModelLink(_("Instruments"), "trading.instrument", icon="candlestick_chart"),
        ModelLink(_("Market calendars"), "trading.marketcalendar", icon="calendar_month"),
        ModelLink(_("Market windows"), "trading.marketwindow", icon="event_busy"),
    )
    register_section(
        "signals",
        ModelLink(_("Signals"), "signals.signal", icon="bolt"),
        ModelLink(_("Receipts"), "trading.copyexecution", icon="fact_check"),
        ModelLink(_("Approvals"), "trading.approval", icon="thumbs_up_down"),
        ModelLink(_("Inbox"), "signals.inboxmessage", icon="inbox", badge=_refused),
        ModelLink(_("Unauthenticated"), "signals.straymessage", icon="gpp_bad"),
        ModelLink(_("Strategies"), "signals.strategy", icon="insights"),
        ModelLink(_("Master accounts"), "trading.masteraccount", icon="record_voice_over"),
        ModelLink(_("Moves of masters"), "trading.mastermove", icon="swap_calls"),
        ModelLink(_("Providers"), "signals.provider", icon="campaign"),
    )
    register_section(
        "people",
        PageLink(
            _("Account approvals"),
            "admin:trading_account_approvals",
            icon="how_to_reg",
            badge=_to_approve,
        ),
        ModelLink(_("Exchange accounts"), "trading.exchangeaccount", icon="wallet"),
        ModelLink(_("Key checks"), "trading.accountcheck", icon="key", badge=_checks_waiting),
        ModelLink(_("Limits of keys"), "trading.keyguard", icon="key_off"),
        ModelLink(_("Wrapping key"), "trading.keyrotation", icon="autorenew"),
        ModelLink(_("Account events"), "trading.accountevent", icon="history"),
        ModelLink(_("Copy subscriptions"), "trading.copysubscription", icon="content_copy"),
        ModelLink(_("Copy settings"), "trading.copysettings", icon="tune"),
        ModelLink(_("Risk limits"), "trading.risklimits", icon="shield"),
        ModelLink(_("Leverage at venues"), "trading.venuesetting", icon="speed"),
    )
    register_tile("kill switches", _kill_tile, order=5)
    register_tile("frozen keys", _frozen_tile, order=6)
    register_tile("fan-out", _latency_tile, order=10)
    register_tile("receipts", _receipts_tile, order=20)
    register_tile("unclear orders", _unclear_tile, order=30)
    register_tile("fan-outs waiting", _waiting_tile, order=40)
    register_tile("accounts to approve", _approval_tile, order=45)
    register_tile("key checks", _checks_tile, order=46)
    register_tile("user streams", _streams_tile, order=48)
    register_tile("accounts to compare", _overdue_tile, order=49)
    register_tile("recovery", _recovery_tile, order=1)
    register_tile("heartbeats", _heartbeat_tile, order=50)


def _waiting() -> QuerySet[SignalFanout]:
    return SignalFanout.objects.filter(done_at=None)


def _killed() -> QuerySet[KillSwitch]:
    return KillSwitch.objects.filter(lifted_at=None)


def _deaf() -> QuerySet[AccountStream]:
    """Accounts that are copied on, or mirrored, and not heard whole."""
    live = Q(state=StreamState.LIVE, alive_at__gte=timezone.now() - STALE_AFTER)
    copied = CopySubscription.objects.exclude(status=SubscriptionStatus.STOPPED)
    masters = MasterAccount.objects.filter(ended_at=None)
    rows = AccountStream.objects.filter(
        Q(account_id__in=copied.values("account_id"))
        | Q(account_id__in=masters.values("account_id")),
        account__state=AccountState.ACTIVE,
    )
    return rows.exclude(live)


def _unclear() -> QuerySet[Order]:
    return Order.objects.filter(closed_at=None, status__in=UNCLEAR)


def _refused() -> QuerySet[InboxMessage]:
    return refused_since(timezone.now() - timedelta(days=1))


def _venues_enabled() -> QuerySet[Venue]:
    return Venue.objects.filter(enabled=True)


def _to_approve() -> QuerySet[ExchangeAccount]:
    return ExchangeAccount.objects.filter(state=AccountState.PENDING_APPROVAL)


def _checks_waiting() -> QuerySet[AccountCheck]:
    return AccountCheck.objects.filter(ended_at=None)


def _kill_tile(request: HttpRequest) -> Tile | None:
    count = _killed().count()
    if not count:
        return None
    url = reverse("admin:trading_killswitch_changelist") + "?lifted_at__isempty=1"
    return Tile(_("Kill switches in force"), str(count), tone="bad", url=url)


def _frozen_tile(_request: HttpRequest) -> Tile | None:
    count = KeyGuard.objects.filter(frozen_at__isnull=False).count()
    if not count:
        return None
    url = reverse("admin:trading_keyguard_changelist") + "?frozen_at__isempty=0"
    return Tile(_("Frozen keys"), str(count), _("nothing is opened with them"), "bad", url)


def _latency_tile(_request: HttpRequest) -> Tile:
    p50, p95, p99, _last = recent_times(timezone.now(), within=HOUR)
    if p95 is None:
        return Tile(_("Fan-out, last hour"), "—", _("no acknowledged order"))
    hint = _("p50 %(p50)d ms, p99 %(p99)d ms, alert to acknowledgement")
    tone = "good" if (p99 or 0) < 2_000 else "warn"
    return Tile(_("Fan-out p95"), f"{p95} ms", hint % {"p50": p50, "p99": p99}, tone)


def _receipts_tile(_request: HttpRequest) -> Tile:
    rows = receipts_since(timezone.now() - HOUR)
    groups = rows.values("outcome").annotate(receipts=Count("pk")).order_by("-receipts")
    counts = {group["outcome"]: group["receipts"] for group in groups}
    hint = ", ".join(f"{outcome} {count}" for outcome, count in counts.items())
    url = reverse("admin:trading_copyexecution_changelist")
    return Tile(_("Receipts, last hour"), str(sum(counts.values())), hint, url=url)


def _unclear_tile(request: HttpRequest) -> Tile:
    count = _unclear().count()
    url = reverse("admin:trading_orderindoubt_changelist")
    hint = _("the venue gave no clear answer; they are being looked up")
    return Tile(_("Unclear orders"), str(count), hint, "bad" if count else "good", url)


def _waiting_tile(request: HttpRequest) -> Tile:
    count = _waiting().count()
    return Tile(_("Fan-outs waiting"), str(count), "", "warn" if count else "good")


def _approval_tile(request: HttpRequest) -> Tile | None:
    count = _to_approve().count()
    if not count:
        return None
    hint = _("their keys passed; nothing is traded before an operator agrees")
    url = reverse("admin:trading_account_approvals")
    return Tile(_("Accounts to approve"), str(count), hint, "warn", url)


def _checks_tile(request: HttpRequest) -> Tile:
    failed = AccountCheck.objects.filter(
        outcome=CheckOutcome.NO_ANSWER, asked_at__gt=timezone.now() - HOUR
    ).count()
    hint = _("%(failed)d without an answer in the last hour") % {"failed": failed}
    url = reverse("admin:trading_accountcheck_changelist") + "?ended_at__isempty=1"
    return Tile(
        _("Key checks waiting"),
        str(_checks_waiting().count()),
        hint,
        "warn" if failed else "good",
        url,
    )


def _streams_tile(request: HttpRequest) -> Tile | None:
    if not AccountStream.objects.exists():
        return None
    deaf = _deaf().count()
    hint = _("their orders are asked about instead, and opens need a fresh balance")
    url = reverse("admin:trading_accountstream_changelist")
    return Tile(_("Streams not whole"), str(deaf), hint, "warn" if deaf else "good", url)


def _divergent() -> QuerySet[Divergence]:
    """Differences that are there for longer than a fill takes into the books."""
    since = timezone.now() - LASTED
    return Divergence.objects.filter(healed_at=None, found_at__lte=since)


def _overdue_tile(_request: HttpRequest) -> Tile | None:
    venues = overdue_by_venue(now=timezone.now())
    if not venues:
        return None
    overdue = sum(each.overdue for each in venues)
    counts = ", ".join(f"{each.venue} {each.overdue}/{each.accounts}" for each in venues)
    hint = _("longer than twice their turn; by venue: %(counts)s") % {"counts": counts}
    url = reverse("admin:trading_reconciliation_changelist")
    tone = "warn" if overdue else "good"
    return Tile(_("Accounts overdue for comparing"), str(overdue), hint, tone, url)


def _recovery_tile(_request: HttpRequest) -> Tile | None:
    """Only while a failover or restore keeps accounts from opening anything."""
    waiting = recovery.waiting()
    if not waiting.accounts or waiting.begun_at is None:
        return None
    hint = _("not compared since the database changed, %(age)s ago; they open nothing") % {
        "age": show_age(waiting.begun_at, timezone.now())
    }
    url = reverse("admin:trading_reconciliation_changelist")
    return Tile(_("Accounts in recovery"), str(waiting.accounts), hint, "bad", url)


def _heartbeat_tile(_request: HttpRequest) -> Tile:
    missing = missing_heartbeats(now=timezone.now())
    hint = ", ".join(missing) if missing else _("sentinel and stream are alive")
    return Tile(_("Silent processes"), str(len(missing)), hint, "bad" if missing else "good")
