"""Jobs, receivers, sweepers and retention, registered once the app is loaded."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from accounts.models import ConsentKind
from accounts.services.consents import depends_on
from mimic.core.partitions import register_partitioned
from mimic.jobs.broker import broker_answers
from mimic.jobs.registry import register_job
from mimic.jobs.sweepers import register_sweeper
from mimic.ops.heartbeat import expect_heartbeat
from mimic.web.live_channels import register_channel, register_watched
from signals.instruments import answer_with
from signals.services.publish import Companion, register_companion
from trading.copying import fanout
from trading.copying.daily_loss import close_after_losses
from trading.copying.live import tell_of_orders, tell_of_places
from trading.copying.masters.connecting import pause_masters_of
from trading.copying.masters.mirror import sweep_masters
from trading.copying.pending import expire_pending
from trading.copying.snapshots import SNAPSHOTS
from trading.copying.subscription_states import pause_all_of
from trading.copying.sweep import sweep_fanouts
from trading.copying.targets import gaps, stopping
from trading.copying.venue_leverage import plan_venue_settings
from trading.execution import cancels, key_checks, nudge, receipts, setting_rounds
from trading.execution.connecting import sweep_rechecks
from trading.execution.recovery import sweep_recovery
from trading.execution.sweep import sweep_cancels, sweep_due, sweep_leases, sweep_sending
from trading.market import prices
from trading.market.selectors import is_traded

_SECOND = timedelta(seconds=1)


def connect() -> None:
    """Called once from ``TradingConfig.ready``."""
    register_job(fanout.JOB, queue="trading")
    register_job(nudge.JOB, queue="trading")
    register_job(cancels.JOB, queue="closes")
    register_job(setting_rounds.JOB, queue="trading")
    register_job(key_checks.JOB, queue="trading")
    register_companion("fanout", Companion(fanout.KEPT_BESIDE, told=fanout.nudge_fanout))
    answer_with(is_traded)
    depends_on(ConsentKind.COPY_TRADING, pause_all_of)
    depends_on(ConsentKind.MASTER_ACCOUNT, pause_masters_of)
    receipts.on_change(tell_of_orders)
    receipts.on_outside_change(tell_of_places)
    for channel, snapshot in SNAPSHOTS.items():
        register_channel(channel, public=False, snapshot=snapshot)
    register_watched(prices.FAMILY, states=prices.prices_now)
    register_partitioned("trading_copyexecution", keep_days=400)
    register_partitioned("trading_orderevent", keep_days=7 * 366)
    register_partitioned("trading_fill", keep_days=7 * 366)
    register_sweeper("recovery", sweep_recovery, every=_SECOND)
    register_sweeper("fan-outs", sweep_fanouts, every=_SECOND)
    sending = partial(sweep_sending, broker_answers=broker_answers)
    register_sweeper("orders to send", sending, every=_SECOND)
    register_sweeper("stopped copies", _end_copies, every=_SECOND)
    register_sweeper("orders that ended short", gaps.converge_lately, every=timedelta(seconds=2))
    register_sweeper("what copies hold", gaps.converge_held, every=timedelta(seconds=60))
    register_sweeper("approvals", expire_pending, every=timedelta(seconds=5))
    register_sweeper("masters", sweep_masters, every=_SECOND)
    register_sweeper("daily losses", close_after_losses, every=timedelta(seconds=2))
    register_sweeper("leases", sweep_leases, every=_SECOND)
    register_sweeper("orders to look at", sweep_due, every=timedelta(milliseconds=250))
    register_sweeper("orders to cancel", sweep_cancels, every=timedelta(milliseconds=250))
    register_sweeper("leverages wanted", _plan_settings, every=_SECOND)
    register_sweeper("venue settings", setting_rounds.nudge_settings, every=_SECOND)
    checks = partial(key_checks.sweep_checks, broker_answers=broker_answers)
    register_sweeper("key checks", checks, every=timedelta(seconds=5))
    register_sweeper("daily key checks", sweep_rechecks, every=timedelta(seconds=60))
    expect_heartbeat("sentinel", within=timedelta(seconds=60))
    expect_heartbeat("stream", within=timedelta(seconds=60))


def _end_copies(now: datetime) -> int:
    return stopping.carry_out(now=now)


def _plan_settings(now: datetime) -> int:
    return plan_venue_settings(now=now)
