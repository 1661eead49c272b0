"""Every sealed row under the newest master key, a chunk at a time.

The row is the queue: whatever does not begin with the newest key's head is still to be done. So a
run that is killed leaves nothing half done, the next one goes on where it ended, and both keys are
good meanwhile. Runs where MASTER_KEYS is, the new key first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import BinaryField, F, Func, Model, QuerySet
from django.utils.translation import gettext_lazy as _

from mimic.audit.actions import declare
from mimic.audit.services import record
from trading.execution.checkpoint import checkpoint
from trading.execution.egress import url_context
from trading.execution.signer import HEAD, UnreadableKeys, newest_head, reveal, wrap
from trading.models import AccountCheck, Egress, ExchangeAccount, KeyRotation
from trading.venues.credentials import key_context

CHUNK = 100
ROTATED = declare(
    "trading.keys.rotate", _("Wrapping key rotated"), facts=["head", "done", "unreadable"]
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column that the signer opens, and the context that binds each row's content."""

    model: type[Model]
    column: str
    context: Callable[[Any], str]

    def waiting(self, head: bytes) -> QuerySet[Any]:
        """Rows that do not begin with ``head``."""
        begins = Func(F(self.column), 1, HEAD, function="substring", output_field=BinaryField())
        rows = self.model._default_manager.annotate(begins=begins)
        return rows.exclude(**{self.column: None}).exclude(begins=head)


COLUMNS = (
    Sealed(ExchangeAccount, "sealed_keys", lambda row: key_context(row.public_id)),
    Sealed(AccountCheck, "sealed_keys", lambda row: key_context(row.account.public_id)),
    Sealed(Egress, "sealed_url", lambda row: url_context(row.public_id)),
)


def rotate(*, clock: Callable[[], datetime]) -> Iterator[KeyRotation]:
    """Wrap anew what is left; the rotation after every chunk, and at the end.

    Raises SignerUnavailable in a process without master keys.
    """
    head = newest_head()
    rotation = _begin(head, clock())
    for sealed in COLUMNS:
        last = 0
        while True:
            last, done, unreadable = _wrap_chunk(sealed, head, last)
            if not last:
                break
            _note(rotation, done, unreadable, _left(head), clock())
            checkpoint("rewrapped")
            yield rotation
    _end(rotation, _left(head), clock())
    yield rotation


def unreadable_rows(head: bytes) -> list[str]:
    """What is not under the newest key: after a rotation, what no master key opens."""
    return [
        f"{sealed.model._meta.label_lower} {key}"
        for sealed in COLUMNS
        for key in sealed.waiting(head).order_by("pk").values_list("pk", flat=True)[:50]
    ]


@transaction.atomic(durable=True)
def _wrap_chunk(sealed: Sealed, head: bytes, after: int) -> tuple[int, int, int]:
    """The last key looked at (0: none was left), how many were wrapped, how many do not open."""
    rows = sealed.waiting(head).filter(pk__gt=after).order_by("pk")
    done = unreadable = last = 0
    for row in rows.select_for_update(of=("self",))[:CHUNK]:
        last, context = row.pk, sealed.context(row)
        try:
            content = reveal(bytes(getattr(row, sealed.column)), context=context)
        except UnreadableKeys:
            unreadable += 1
            continue
        wrapped = wrap(content, context=context)
        sealed.model._default_manager.filter(pk=row.pk).update(**{sealed.column: wrapped})
        done += 1
    return last, done, unreadable


def _left(head: bytes) -> int:
    return sum(sealed.waiting(head).count() for sealed in COLUMNS)


@transaction.atomic(durable=True)
def _begin(head: bytes, now: datetime) -> KeyRotation:
    rotation, _made = KeyRotation.objects.get_or_create(
        head=head.hex(), finished_at=None, defaults={"started_at": now, "touched_at": now}
    )
    rotation.unreadable = 0  # they are tried again
    return rotation


@transaction.atomic(durable=True)
def _note(rotation: KeyRotation, done: int, unreadable: int, left: int, now: datetime) -> None:
    rotation.done += done
    rotation.unreadable += unreadable
    rotation.left, rotation.touched_at = left, now
    rotation.save()


@transaction.atomic(durable=True)
def _end(rotation: KeyRotation, left: int, now: datetime) -> None:
    """It has ended when nothing is left but what no key opens."""
    rotation.left, rotation.touched_at = left, now
    rotation.finished_at = now if left <= rotation.unreadable else None
    rotation.save()
    record(
        ROTATED,
        target=rotation,
        facts={
            "head": rotation.head,
            "done": rotation.done,
            "unreadable": rotation.unreadable,
        },
    )
