"""A process that decides for every signal it finds and claims what was planned, until it is killed.

``python -m tests.guards.deciding_worker`` prints ``ready`` once Django is up. It sends nothing.
"""

from __future__ import annotations

import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mimic.settings")
django.setup()

from django.utils import timezone  # noqa: E402

from trading.copying.fanout import fan_out  # noqa: E402
from trading.execution.claims import take_orders  # noqa: E402
from trading.models import SignalFanout  # noqa: E402


def main() -> None:
    print("ready", flush=True)
    while True:
        for signal_id in SignalFanout.objects.filter(done_at=None).values_list("pk", flat=True):
            fan_out(signal_id=signal_id, now=timezone.now())
            take_orders(route="paper", closing=False, limit=10, now=timezone.now())
        time.sleep(0.02)


if __name__ == "__main__":
    main()
