"""A process that sends as much as it may: started by tests, prints what it was granted.

``python -m tests.execution.governor_worker <route> <seconds> <closing 0|1>`` waits for a line
and then prints one for each grant: Redis's clock in ms before and after it, and the count.
"""

from __future__ import annotations

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mimic.settings")
django.setup()

from mimic.core.redis_clients import AWAY, asking  # noqa: E402
from trading.execution.governor import Governor  # noqa: E402


def main(route: str, seconds: float, closing: bool) -> None:
    sender, client = Governor(), asking()
    print("ready", flush=True)
    sys.stdin.readline()
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            before = client.time()
            grant = sender.grant(route, "direct", 7, closing=closing)
            after = client.time()
        except AWAY:
            time.sleep(0.05)
            continue
        if grant.granted:
            print(_ms(before), _ms(after), grant.granted)
        time.sleep(min(max(grant.wait, 0.005), 0.02))


def _ms(clock: tuple[int, int]) -> int:
    return clock[0] * 1000 + clock[1] // 1000


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3] == "1")
