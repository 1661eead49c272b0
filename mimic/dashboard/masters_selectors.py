"""What the pages about master accounts show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from trading.copying.masters.connecting import Change
from trading.copying.masters.selectors import masters_of
from trading.copying.masters.standing import Standing, Stream, standing_of, stream_of
from trading.copying.masters.wording import CHANGES, STANDINGS, Words, deed_of, reason_of
from trading.models import MasterAccount, MasterMove, MasterState, MoveState, SignalFanout

TONES = {
    MoveState.READY.value: "info",
    MoveState.TOLD.value: "up",
    MoveState.PREVIEW.value: "info",
    MoveState.REFUSED.value: "down",
    MoveState.IGNORED.value: "neutral",
}


@dataclass(frozen=True, slots=True)
class MasterLine:
    """A master as it stands now."""

    row: MasterAccount
    standing: Standing
    stream: Stream

    @property
    def words(self) -> Words:
        return STANDINGS[self.standing]

    @property
    def ended(self) -> bool:
        return self.standing is Standing.DISCONNECTED

    @property
    def changes(self) -> list[tuple[str, Any]]:
        """What may follow, by the change's word and its button's."""
        if self.ended:
            return []
        paused = self.row.state == MasterState.PAUSED
        offered = (
            Change.RESUME if paused else Change.PAUSE,
            Change.PUBLISH if self.row.preview else Change.PREVIEW,
            Change.DISCONNECT,
        )
        return [(each.value, CHANGES[each].name) for each in offered]


@dataclass(frozen=True, slots=True)
class MoveLine:
    """``fills``: how many trades it was; ``copies``: for how many it was decided, None unless it
    was published.
    """

    row: MasterMove
    fills: int
    copies: int | None

    @property
    def deed(self) -> str:
        return deed_of(self.row)

    @property
    def reason(self) -> str:
        return reason_of(self.row.code)

    @property
    def tone(self) -> str:
        return TONES[self.row.state]


def lines_of(user_id: int, now: datetime) -> list[MasterLine]:
    """The living first, then those of the past, newest first; one query."""
    rows = masters_of(user_id).order_by("-pk")
    return sorted((line_of(row, now) for row in rows), key=lambda line: line.ended)


def line_of(row: MasterAccount, now: datetime) -> MasterLine:
    stream = stream_of(row, now)
    return MasterLine(row, standing_of(row, stream), stream)


def move_lines(moves: Sequence[MasterMove]) -> list[MoveLine]:
    """In their order; two queries."""
    ids = [each.pk for each in moves]
    fills = MasterMove.objects.filter(pk__in=ids).annotate(n=Count("fills"))
    number = dict(fills.values_list("pk", "n"))
    told = [each.signal_id for each in moves if each.signal_id]
    rows = SignalFanout.objects.filter(signal_id__in=told)
    copies = dict(rows.values_list("signal_id", "receipts"))
    return [MoveLine(each, number[each.pk], copies.get(each.signal_id or 0)) for each in moves]
