"""What can be told from the source, the lock and the settings, without attacking anything."""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.contrib.auth.hashers import get_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import override_settings
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads

import mimic.settings
from mimic.console.export import cell as console_cell
from mimic.core.csv_export import cell as page_cell

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "mimic", "accounts", "affiliates", "billing", "gamification", "signals", "support", "trading",
)  # fmt: skip

FORBIDDEN = {
    r"\bMODE_(ECB|CBC)\b|modes\.(ECB|CBC|CFB|OFB)\b": "an unauthenticated mode",
    r"hashlib\.(md5|sha1)\((?!.*usedforsecurity=False)|hashes\.(MD5|SHA1)\b": "a broken hash",
    r"\b(ARC4|TripleDES|Blowfish)\b": "a broken cipher",
    r"verify\s*=\s*False|ssl\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False": "TLS unverified",
    r"_create_unverified_context|disable_warnings": "TLS unverified",
    r"\bimport pickle\b|\bpickle\.loads?\b|\byaml\.load\(|\bmarshal\.loads\b": "runs its input",
    r"\bmark_safe\b|\|safe\b": "markup that nobody escaped",
}  # fmt: skip


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


@pytest.mark.security(21)
@pytest.mark.security(24)
@pytest.mark.security(30)
def test_nothing_that_is_broken_or_unverified_stands_in_the_source() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {why}"
        for path in _sources()
        for pattern, why in FORBIDDEN.items()
        if re.search(pattern, path.read_text())
    ]
    assert found == []


@pytest.mark.security(21)
def test_what_bandit_is_told_to_pass_over_is_named_and_has_a_reason() -> None:
    careless = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in _sources()
        for line in path.read_text().splitlines()
        if "# nosec" in line and not re.search(r"# nosec B\d{3}  # \w+ ", line)
    ]
    assert careless == []


# ``random`` spreads load here; nobody is kept out by it.
SPREADS_LOAD = {
    "mimic/core/context.py",
    "mimic/web/hub/subscription.py",
    "trading/execution/dispatcher.py",
    "trading/execution/governor/telling.py",
    "trading/reconciliation/user_streams/gaps.py",
    "trading/venues/streams/listener.py",
}


@pytest.mark.security(21)
def test_chance_that_can_be_foretold_keeps_no_secret() -> None:
    users = {
        str(path.relative_to(ROOT))
        for path in _sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and node.module == "random")
        or (isinstance(node, ast.Import) and any(name.name == "random" for name in node.names))
    }
    assert users <= SPREADS_LOAD


@pytest.mark.security(21)
@pytest.mark.security(29)
def test_templates_escape_everything() -> None:
    trusting = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        if re.search(r"\|\s*safe\b|autoescape off", path.read_text())
    ]
    assert trusting == ["templates/web/_fields.html"], "help texts of forms are our own words"


@pytest.mark.security(31)
@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_by_version_and_hash(lock: str) -> None:
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("#", " "))]
    assert len(lines) > 50
    assert [line for line in lines if "==" not in line or "--hash=sha256:" not in line] == []


@pytest.mark.security(30)
def test_the_queue_takes_json_and_no_pickle() -> None:
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    accepted = current_app.conf.accept_content
    body = pickle.dumps({"id": 1})
    with pytest.raises(ContentDisallowed):
        loads(body, "application/x-python-serialize", "binary", accept=accepted)


@pytest.mark.security(30)
def test_the_cache_keeps_json_and_runs_no_pickle(redis_server: object) -> None:
    cache.set("kept", {"times": [1.5, 2.5], "ok": True})
    cache.set("count", 41)
    assert cache.get("kept") == {"times": [1.5, 2.5], "ok": True}
    assert (cache.incr("count"), cache.add("kept", 1)) == (42, False)
    redis_server.set(cache.make_key("planted"), pickle.dumps(print))  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="line 1"):
        cache.get("planted")


@pytest.mark.security(8)
@pytest.mark.parametrize("password", ["short", "123456789", "password123", "qwertyuiop", "9" * 9])
def test_weak_and_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.security(8)
def test_long_passwords_and_every_sign_are_taken() -> None:
    for password in ("correct horse battery", "ключ від усіх дверей", "p" * 128):
        validate_password(password)


@pytest.mark.security(23)
def test_passwords_are_hashed_with_argon2id_at_the_cost_that_owasp_asks_for() -> None:
    """OWASP's cheat sheet: m=19 MiB, t=2, p=1 or what costs as much (m=46 MiB with t=1)."""
    with override_settings(PASSWORD_HASHERS=mimic.settings.PASSWORD_HASHERS):  # tests have cheaper
        hasher = get_hasher()
        found = hasher.decode(make_password("correct horse battery"))
    assert (hasher.algorithm, found["variety"]) == ("argon2", "argon2id")
    assert found["memory_cost"] * found["time_cost"] >= 19 * 1024 * 2
    assert len(mimic.settings.PASSWORD_HASHERS) == 1


FORMULAS = ("=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "=HYPERLINK(1)",
            "\n=1", "\uff1d1+1", "\uff20SUM(1)")  # fmt: skip


@pytest.mark.security(29)
@pytest.mark.parametrize("text", FORMULAS)
def test_no_download_holds_a_formula(text: str) -> None:
    for cell in (page_cell, console_cell):
        assert str(cell(text)).startswith("'")
