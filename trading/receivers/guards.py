"""The guards' sweeper, live channel and part of the console's sidebar."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from mimic.console.sidebar import ModelLink, PageLink, register_section
from mimic.jobs.sweepers import register_sweeper
from mimic.web.live_channels import register_channel
from trading.guards.flatten import carry_out
from trading.guards.telling import CHANNEL, legs_at_work


def connect() -> None:
    """Called once from ``TradingConfig.ready``."""
    register_sweeper("kill switches", _carry_out, every=timedelta(milliseconds=500))
    register_channel(CHANNEL, public=False, snapshot=legs_at_work)
    register_section(
        "monitor",
        PageLink(_("Kill switch console"), "admin:trading_kill_console", icon="emergency"),
        ModelLink(_("Flatten legs"), "trading.flattenleg", icon="layers_clear"),
        ModelLink(_("Kill switch events"), "trading.killevent", icon="history"),
    )


def _carry_out(now: datetime) -> int:
    return carry_out(now=now)
