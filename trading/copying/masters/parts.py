"""Which part of what a master's order opens each of its moves is.

Sizes of followers that do not follow the master's own are meant for an opening. An order that
fills in several moves opens once, so each of them tells its part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.domain.mirroring import Judged, opened_pct, shift
from trading.domain.ports import Side
from trading.domain.remainders import Part
from trading.models import ExternalOrder, MasterAccount, MasterMove

Key = tuple[str, str]
"""Symbol and venue's order."""


@dataclass(slots=True)
class _Done:
    """What an order has done up to a move, base units; ``told`` percent of its opening."""

    ordered: Decimal | None = None
    filled: Decimal = Decimal(0)
    opened: Decimal = Decimal(0)
    told: Decimal = Decimal(0)

    def go_on(self, quantity: Decimal, opens: Decimal) -> None:
        self.filled += quantity
        self.opened += opens


def parts_of(master: MasterAccount, decided: Sequence[Judged]) -> list[Part | None]:
    """Of each move, in the order in which they are told; None for one that opens nothing, and for
    one of no order.
    """
    orders = _done(master, {each.move.first.order_id for each in decided} - {""})
    return [_part(each, orders) for each in decided]


def _part(each: Judged, orders: dict[Key, _Done]) -> Part | None:
    first, move = each.move.first, each.move
    opens = shift(each.held, move.delta).opens
    if not first.order_id:
        return None
    done = orders.setdefault((first.symbol, first.order_id), _Done())
    done.go_on(move.quantity, opens)
    if not opens:
        return None
    before = done.told
    done.told = max(before, opened_pct(done.opened, done.filled, done.ordered))
    return Part(before, done.told)


def _done(master: MasterAccount, order_ids: set[str]) -> dict[Key, _Done]:
    """Orders as their earlier moves left them, with what they were placed for where it was told."""
    placed = ExternalOrder.objects.filter(
        account_id=master.account_id, venue_order_id__in=order_ids
    )
    rows = placed.values_list("symbol", "venue_order_id", "quantity")
    found = {(symbol, order_id): _Done(quantity) for symbol, order_id, quantity in rows}
    earlier = MasterMove.objects.filter(
        fills__master=master, fills__venue_order_id__in=order_ids
    ).distinct()
    for move in earlier.order_by("pk"):
        done = found.setdefault((move.symbol, move.venue_order_id), _Done())
        delta = move.quantity if move.side == Side.BUY else -move.quantity
        done.go_on(move.quantity, shift(move.held_before, delta).opens)
        done.told = max(done.told, move.part_to_pct or done.told)
    return found
