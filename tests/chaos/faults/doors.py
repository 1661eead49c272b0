"""The webhook's door: doubled, disordered and forged alerts, through the real ingest server."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from mimic.probes.processes import free_port, ingest_server
from signals.models import Signal
from tests.chaos.faults.table import Fault
from tests.chaos.scene import Scene

_CROWD = 2
_AT_ONCE = 50
_JUNK = (
    "",
    "NaN",
    '{"symbol": "BTCUSDT", "action": "long", "price": NaN}',
    '{"symbol": "{{ticker}}", "action": "{{strategy.order.action}}"}',
)


def _knock(scene: Scene, url: str, body: str) -> tuple[int, float]:
    """Status and seconds."""
    started = time.monotonic()
    request = urllib.request.Request(
        url, body.encode(), {"Content-Type": "text/plain; charset=utf-8"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            status = int(answer.status)
    except urllib.error.HTTPError as refused:
        status = refused.code
    return status, time.monotonic() - started


def _alerts(scene: Scene) -> None:
    scene.crowd(_CROWD)
    port = free_port()
    argv = ingest_server("mimic.wsgi:application", port)
    environment = {"MASTER_KEYS": "", "PYTHONUNBUFFERED": "1"}
    scene.workers.start("ingest", *argv[1:], **environment)
    url = f"http://127.0.0.1:{port}/webhook/{scene.token}"
    scene.until(lambda: _answers(scene, url), "the ingest server", 40)
    alert = json.dumps({"symbol": "BTCUSDT", "action": "long", "leverage": 5, "sl_perc": 2})
    with ThreadPoolExecutor(_AT_ONCE) as crowd:
        said = list(crowd.map(lambda _: _knock(scene, url, alert), range(_AT_ONCE)))
    slowest = max(seconds for _, seconds in said)
    scene.observe(f"{_AT_ONCE} at once: {sorted({status for status, _ in said})}, "
                  f"slowest {slowest * 1000:.0f} ms")  # fmt: skip
    scene.expect("refused in error", [status for status, _ in said if status >= 500], [])
    for _ in range(4):
        _knock(scene, url, alert)
    scene.signals = list(Signal.objects.filter(strategy=scene.strategy))
    scene.expect("signals of 54 alerts", len(scene.signals), 1)
    scene.settled(_CROWD)
    junk = [_knock(scene, url, body)[0] for body in _JUNK]
    scene.expect("junk answered 4xx", all(400 <= status < 500 for status in junk), True)
    forged = _knock(scene, url[:-4] + "xxxx", alert)[0]
    scene.expect("wrong token", forged in (401, 403, 404), True)
    scene.expect("orders", scene.orders.count(), _CROWD)
    scene.workers.kill("ingest")


def _answers(scene: Scene, url: str) -> bool:
    try:
        return _knock(scene, url, "")[0] > 0
    except OSError:
        return False


FAULTS = (
    Fault(24, "alerts doubled and forged", "50 the same at once and 4 later, junk, a wrong token",
          _alerts),
)  # fmt: skip
