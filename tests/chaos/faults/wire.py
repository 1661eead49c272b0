"""Answers and requests that get lost, late or unreadable: one follower each, all in one signal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.faults.table import Fault
from tests.chaos.scene import Scene

AFTER, BEFORE = "after_accept", "before_accept"
STATUS_UNKNOWN = "Unknown error, please check your request or try again later."


@dataclass(frozen=True, slots=True)
class Line:
    """``outcomes``: how each attempt has to end, the first one first."""

    action: str
    when: str = AFTER
    outcomes: tuple[str, ...] = ("confirmed",)
    more: Mapping[str, Any] = field(default_factory=dict)


def _answer(status: int, code: int, text: str) -> dict[str, Any]:
    return {"status": status, "body": {"code": code, "msg": text}}


def lines(*rows: Line) -> Callable[[Scene], None]:
    """Each row's follower ends with the order filled once, by just these attempts."""

    def play(scene: Scene) -> None:
        actors = [scene.actor() for _ in rows]
        for actor, row in zip(actors, rows, strict=True):
            scene.inject(actor, action=row.action, when=row.when, **row.more)
        scene.signal()
        scene.settled(len(rows))
        for actor, row in zip(actors, rows, strict=True):
            order = actor.orders.get()
            name = f"{row.action} {row.when}"
            scene.expect(f"{name}: attempts", tuple(scene.outcomes(actor)), row.outcomes)
            scene.expect(f"{name}: the order", order.status, "filled")
            scene.expect(f"{name}: accepted", scene.accepted(actor), 1)

    return play


AGAIN = ("not_placed", "confirmed")
REFUSED_FIRST = ("refused", "confirmed")
_PLAIN_503 = {"status": 503, "body": "Service Unavailable."}
_BUSY = _answer(503, -1008, "Server is currently overloaded with other requests.")

FAULTS = (
    Fault(1, "lost response, order executed", "POST after_accept: rst, fin, truncate, silent",
          lines(Line("rst"), Line("fin"), Line("truncate"), Line("silent"))),
    Fault(2, "lost request", "POST before_accept: rst, fin, silent", lines(
        Line("rst", BEFORE, AGAIN), Line("fin", BEFORE, AGAIN), Line("silent", BEFORE, AGAIN))),
    Fault(3, "late acceptance", "POST reset, accepted 4.9 s later; and 5.2 s later", lines(
        Line("late", BEFORE, more={"ms": 4_900}), Line("late", BEFORE, AGAIN, {"ms": 5_200}))),
    Fault(4, "unknown status against refused", "503 -1000, 503 plain, 503 -1008, 408 -1007, -1006",
          lines(
              Line("status", more=_answer(503, -1000, STATUS_UNKNOWN)),
              Line("status", BEFORE, REFUSED_FIRST, _PLAIN_503),
              Line("status", BEFORE, REFUSED_FIRST, _BUSY),
              Line("status", more=_answer(408, -1007, "Timeout waiting for response.")),
              Line("status", more=_answer(400, -1006, "An unexpected response was received.")))),
    Fault(5, "unparsable success", "200 with HTML, nothing, no order id; 302", lines(
        Line("garbage200"), Line("garbage200", more={"body": ""}),
        Line("garbage200", more={"body": {"status": "FILLED"}}),
        Line("redirect", more={"location": "/fapi/v1/time"}))),
)  # fmt: skip
