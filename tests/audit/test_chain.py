"""Entries are only added to, sealed in order, and found out when somebody changed them."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from mimic.audit import actions, keys, sealer
from mimic.audit.chain import digest_of, leaf_of, packed
from mimic.audit.models import Entry, PersonKey, Seal
from mimic.audit.selectors import private_parts
from mimic.audit.services import Target, record
from mimic.audit.verify import KEEP_DAYS, verify
from tests.cast import a_person

pytestmark = pytest.mark.django_db(transaction=True)

DEED = actions.declare("tests.deed", "A deed", facts=["what"], private=["why"])


def _now() -> datetime:
    return datetime.now(UTC)


def _deeds(count: int = 3) -> list[Entry]:
    for number in range(count):
        record(DEED, target=Target("tests.thing", str(number)), facts={"what": f"deed {number}"})
    return list(Entry.objects.order_by("pk"))


def _seal() -> int:
    """Without waiting for the margin: nobody else writes."""
    return sealer.seal_entries(_now(), margin=timedelta(milliseconds=-5))


@contextmanager
def _by_force() -> Iterator[None]:
    """Whoever owns the tables can switch the triggers off."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield


@pytest.mark.parametrize("table", ["audit_entry", "audit_seal"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_change_what_was_written(table: str, change: str) -> None:
    _deeds(1)
    _seal()
    column = {"audit_entry": "action", "audit_seal": "up_to"}[table]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_never_emptied")
        with pytest.raises(IntegrityError, match="only added to"), transaction.atomic():
            cursor.execute(change.format(table, column, column))
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_never_emptied")


def test_entries_are_chained_in_order_and_verify() -> None:
    _deeds(3)
    assert _seal() == 3
    assert _seal() == 0, "nothing new is no new link"
    _deeds(1)
    assert _seal() == 1
    _deeds(1)
    verdict = verify(now=_now())
    assert (verdict.seals, verdict.entries, verdict.waiting) == (2, 4, 1)
    assert verdict.breaks == []
    first, second = Seal.objects.order_by("pk")
    assert bytes(second.previous) == bytes(first.digest)
    told = io.StringIO()
    call_command("audit_verify", anchor=[f"1:{bytes(first.digest).hex()}"], stdout=told)
    assert told.getvalue().startswith("2 seals over 4 entries; 0 retired by age, 1 not sealed yet")


def _forge_a_fact(entries: list[Entry]) -> None:
    Entry.objects.filter(pk=entries[1].pk).update(facts={"what": "nothing"})


def _take_one_away(entries: list[Entry]) -> None:
    Entry.objects.filter(pk=entries[1].pk).delete()


def _slip_one_in(entries: list[Entry]) -> None:
    Entry(pk=entries[0].pk + 1, action="tests.deed", subject_id=0).save(force_insert=True)


def _forge_entry_and_leaf(entries: list[Entry]) -> None:
    _forge_a_fact(entries)
    rows = Entry.objects.order_by("pk")[:3]
    Seal.objects.filter(pk=1).update(leaves=packed(map(leaf_of, rows)))


def _forge_the_whole_seal(entries: list[Entry]) -> None:
    _forge_entry_and_leaf(entries)
    seal = Seal.objects.get(pk=1)
    Seal.objects.filter(pk=1).update(digest=digest_of(seal))


def _take_a_seal_away(_entries: list[Entry]) -> None:
    Seal.objects.filter(pk=1).delete()


@pytest.mark.parametrize(
    ("attack", "told"),
    [
        (_forge_a_fact, "seal 1, entry {1}.*: was changed"),
        (_take_one_away, "seal 1, entry {1}.*: is missing"),
        (_slip_one_in, "seal 1, entry .*: was slipped in later"),
        (_forge_entry_and_leaf, "seal 1: was changed"),
        (_forge_the_whole_seal, "seal 2: does not follow the seal before it"),
        (_take_a_seal_away, "seal 1: is missing"),
    ],
)
def test_whatever_was_changed_by_force_is_named(
    attack: Callable[[list[Entry]], None], told: str
) -> None:
    entries = _deeds(3)
    _seal()
    _deeds(1)
    _seal()
    with _by_force():
        attack(entries)
    with pytest.raises(CommandError, match=told.replace("{1}", str(entries[1].pk))):
        call_command("audit_verify", stdout=io.StringIO())


def test_a_chain_that_was_made_anew_contradicts_a_note_kept_elsewhere() -> None:
    _deeds(2)
    _seal()
    noted = bytes(Seal.objects.get().digest).hex()
    with _by_force():
        _forge_the_whole_seal(_deeds(0))
    assert verify(now=_now()).breaks == []
    told = [str(each) for each in verify(now=_now(), anchors={1: noted, 2: noted}).breaks]
    assert told == ["seal 1: is not the one that was noted", "seal 2: is gone"]


def test_months_that_left_by_age_are_no_break() -> None:
    old, _kept = _deeds(2)
    _seal()
    with _by_force():
        Entry.objects.filter(pk=old.pk).delete()
    verdict = verify(now=_now() + timedelta(days=KEEP_DAYS + 1))
    assert (verdict.entries, verdict.retired, verdict.breaks) == (1, 1, [])


def test_nothing_is_sealed_past_a_transaction_that_has_not_ended() -> None:
    """Its entry has an older id than one that is committed: sealed now, it would be missed."""
    written, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                record(DEED, facts={"what": "slow"})
                written.set()
                may_end.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(10)
    record(DEED, facts={"what": "fast"})
    assert Entry.objects.count() == 1
    assert _seal() == 0, "the fast one waits, for the slow one comes before it"
    may_end.set()
    thread.join(10)
    assert _seal() == 2
    slow_one, fast_one = Entry.objects.order_by("pk")
    assert (slow_one.facts["what"], fast_one.facts["what"]) == ("slow", "fast")
    assert verify(now=_now()).breaks == []


def test_one_sealer_works_at_a_time_and_writers_do_not_wait_for_it() -> None:
    _deeds(1)
    holds, may_end = threading.Event(), threading.Event()

    def another() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [sealer.LOCK])
                holds.set()
                may_end.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=another)
    thread.start()
    assert holds.wait(10)
    assert _seal() == 0
    _deeds(1)
    may_end.set()
    thread.join(10)
    assert _seal() == 2


def test_erasing_a_person_shreds_what_is_theirs_and_the_chain_stays_whole() -> None:
    ada, ben = a_person(), a_person()
    for person in (ada, ben):
        record(
            DEED,
            by=person,
            private={"why": "because"},
            before={"name": "Old"},
            after={"name": "New"},
        )
    _seal()
    hers, his = Entry.objects.order_by("pk")
    assert private_parts([hers, his])[hers.pk] == {
        "why": "because", "before": {"name": "Old"}, "after": {"name": "New"},
    }  # fmt: skip
    assert (hers.actor_id, hers.actor_role, hers.facts) == (ada.pk, "trader", {})
    assert bytes(hers.before_digest or b"") != bytes(his.before_digest or b""), "guessed by nobody"
    keys.erase_person(person_id=ada.pk, now=_now())
    read = private_parts([hers, his])
    assert read[hers.pk] is None
    assert read[his.pk] is not None
    assert verify(now=_now()).breaks == []
    record(DEED, by=ada, private={"why": "again"})
    assert Entry.objects.latest("pk").sealed is None, "nothing personal is kept of them any more"
    assert PersonKey.objects.get(person_id=ada.pk).key == ""


def test_a_part_moved_to_another_entry_does_not_open() -> None:
    record(DEED, by=a_person(), private={"why": "one"})
    record(DEED, by=a_person(), private={"why": "other"})
    first, second = Entry.objects.order_by("pk")
    first.sealed = second.sealed
    assert private_parts([first])[first.pk] is None


def test_an_entry_says_nothing_that_its_action_does_not_declare() -> None:
    with pytest.raises(TypeError, match="tests.deed does not declare salary"):
        record(DEED, facts={"salary": 1})
    with pytest.raises(ValueError, match="declared twice"):
        actions.declare("tests.deed", "Again")


def test_a_deed_that_is_rolled_back_leaves_no_entry() -> None:
    with transaction.atomic():
        record(DEED, facts={"what": "undone"})
        transaction.set_rollback(True)
    assert not Entry.objects.exists()
