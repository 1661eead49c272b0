"""The wrapping key changes while everything goes on; a run that was killed is gone on with."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from mimic.audit.models import Entry
from mimic.core.sealing import seal
from tests.cast import a_person, an_account
from trading.domain.ports import Credentials
from trading.execution import key_rotation, signer
from trading.execution.egress import save_egress, url_context
from trading.execution.sessions import load_sessions
from trading.models import AccountCheck, Egress, ExchangeAccount, KeyRotation
from trading.venues.credentials import key_context, pack, unpack

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.security(22)]
ROOT = Path(__file__).resolve().parents[2]
NEW = bytes(range(32))
KEYS = Credentials("key-of-ada", "secret-of-ada")


def _accounts(count: int) -> list[ExchangeAccount]:
    """Wrapped under the old key, but for the last: that one is still web's box."""
    made = [an_account(keys=KEYS) for _ in range(count)]
    for account in made[:-1]:
        context = key_context(account.public_id)
        account.sealed_keys = signer.wrap(pack(KEYS), context=context)
        account.save()
    return made


def _both() -> override_settings:
    return override_settings(MASTER_KEYS=(NEW, *settings.MASTER_KEYS))


def _rotate() -> str:
    told = io.StringIO()
    call_command("rotate_keys", stdout=told)
    return told.getvalue()


def test_everything_sealed_is_wrapped_anew_and_the_old_key_can_go() -> None:
    accounts = _accounts(3)
    check = AccountCheck.objects.create(
        account=accounts[0], asked_at=datetime.now(UTC), due_at=datetime.now(UTC),
        sealed_keys=seal(pack(KEYS), context=key_context(accounts[0].public_id)),
    )  # fmt: skip
    egress = Egress(name="one")
    save_egress(egress=egress, url="http://user:pass@proxy.example:3128")
    with _both():
        assert "5 wrapped anew, 0 left" in _rotate()
        assert _rotate().startswith("0 wrapped anew"), "a second run has nothing to do"
    with override_settings(MASTER_KEYS=(NEW,)):
        for row in ExchangeAccount.objects.all():
            kept = signer.unwrap(bytes(row.sealed_keys or b""), context=key_context(row.public_id))
            assert unpack(kept) == KEYS
        check.refresh_from_db()
        context = key_context(accounts[0].public_id)
        assert unpack(signer.unwrap(bytes(check.sealed_keys or b""), context=context)) == KEYS
        egress.refresh_from_db()
        url = signer.unwrap(bytes(egress.sealed_url), context=url_context(egress.public_id))
        assert url == b"http://user:pass@proxy.example:3128"
    assert [(row.done, row.left) for row in KeyRotation.objects.order_by("pk")] == [(5, 0), (0, 0)]
    assert Entry.objects.filter(action="trading.keys.rotate").count() == 2


def test_a_row_that_no_key_opens_is_named_and_holds_up_nobody_else() -> None:
    broken, *_others = _accounts(3)
    ExchangeAccount.objects.filter(pk=broken.pk).update(sealed_keys=b"\x02nonsense" * 12)
    with _both(), pytest.raises(CommandError, match=f"trading.exchangeaccount {broken.pk}"):
        call_command("rotate_keys", stdout=io.StringIO())
    rotation = KeyRotation.objects.get()
    assert (rotation.done, rotation.left, rotation.unreadable) == (2, 1, 1)
    assert rotation.finished_at is not None


def test_without_master_keys_nothing_is_rotated() -> None:
    with override_settings(MASTER_KEYS=()), pytest.raises(CommandError, match="MASTER_KEYS"):
        call_command("rotate_keys")


@pytest.mark.chaos
def test_a_run_that_was_killed_is_gone_on_with_and_every_key_opens_meanwhile(
    tmp_path: Path, settings: LazySettings
) -> None:
    accounts = _accounts(key_rotation.CHUNK + 20)
    keys = (NEW, *settings.MASTER_KEYS)
    mark = tmp_path / "here"
    environment = {
        **os.environ,
        "DB_POOL": "false",
        "MASTER_KEYS": ",".join(base64.b64encode(key).decode() for key in keys),
        "CHECKPOINT": "rewrapped",
        "CHECKPOINT_FILE": str(mark),
    }
    command = [sys.executable, "manage.py", "rotate_keys"]
    run = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 60
        while not mark.exists():
            assert time.monotonic() < limit
            assert run.poll() is None
            time.sleep(0.05)
    finally:
        run.kill()
        run.wait()
    half = KeyRotation.objects.get()
    assert (half.done, half.left, half.finished_at) == (key_rotation.CHUNK, 20, None)
    settings.MASTER_KEYS = keys
    assert len(load_sessions(account.pk for account in accounts)) == len(accounts)
    assert "Done." in _rotate()
    half.refresh_from_db()
    assert (half.done, half.left) == (len(accounts), 0)
    assert half.finished_at is not None


def test_after_a_leak_all_keys_are_forgotten_at_once_and_it_may_be_asked_first() -> None:
    operator = a_person("admin")
    _accounts(3)
    told = io.StringIO()
    words = {"reason": "leak", "by": operator.email, "stdout": told}
    call_command("revoke_keys", all=True, **words)
    assert "3 accounts have keys" in told.getvalue()
    call_command("revoke_keys", venue="nowhere", yes=True, **words)
    assert ExchangeAccount.objects.exclude(sealed_keys=None).count() == 3
    call_command("revoke_keys", all=True, yes=True, **words)
    assert not ExchangeAccount.objects.exclude(sealed_keys=None).exists()
    assert Entry.objects.filter(action="trading.keys.forget", actor_id=operator.pk).count() == 3
    with pytest.raises(CommandError, match="no operator"):
        call_command("revoke_keys", all=True, reason="x", by="nobody@example.com")
