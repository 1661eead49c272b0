"""Secrets come from the environment, from files, or from Vault; what is missing names itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mimic.settings import secrets
from mimic.settings.environment import UnsafeConfiguration, read
from tests.core.test_environment import SAFE
from tests.simulators.vault import Vault

HERE = Path(__file__).parent
CANARY = "canary-" * 10
REST = {name: text for name, text in SAFE.items() if name not in secrets.NAMES}


@pytest.fixture
def vault() -> Iterator[Vault]:
    with Vault().running() as running:
        running.secrets["secret/data/mimic/web"] = {
            name: SAFE[name] for name in secrets.NAMES if name in SAFE
        }
        yield running


def _environ(vault: Vault, **changes: str) -> dict[str, str]:
    return {
        **REST,
        "SECRETS_PROVIDER": "vault",
        "VAULT_ADDR": vault.address,
        "VAULT_PATH": "secret/mimic/web",
        "VAULT_TOKEN": Vault.token,
        **changes,
    }


def test_production_starts_with_secrets_of_vault_which_is_asked_once(vault: Vault) -> None:
    found = read(secrets.resolved(_environ(vault)), HERE)
    assert (found.secret_key, found.token_pepper) == (SAFE["SECRET_KEY"], SAFE["TOKEN_PEPPER"])
    assert vault.asked == ["/v1/secret/data/mimic/web"]


def test_the_agents_token_file_is_read_and_the_environment_wins(
    vault: Vault, tmp_path: Path
) -> None:
    sink = tmp_path / "token"
    sink.write_text(f"{Vault.token}\n")
    own = {"VAULT_TOKEN": "", "VAULT_TOKEN_FILE": str(sink), "SECRET_KEY": CANARY}
    assert secrets.resolved(_environ(vault, **own))["SECRET_KEY"] == CANARY


def test_a_secret_that_vault_does_not_have_is_named_at_the_start(vault: Vault) -> None:
    del vault.secrets["secret/data/mimic/web"]["TOKEN_PEPPER"]
    with pytest.raises(UnsafeConfiguration, match="TOKEN_PEPPER must be set"):
        read(secrets.resolved(_environ(vault)), HERE)


@pytest.mark.parametrize(
    ("changes", "faults", "told"),
    [
        ({"VAULT_TOKEN": CANARY}, [], "HTTP 403"),
        ({"VAULT_PATH": "secret/nothing"}, [], "HTTP 404"),
        ({}, [(503, b'{"errors":["Vault is sealed"]}')] * 2, "HTTP 503"),
        ({}, [(200, b"<html>")], "no secret of KV version 2"),
        ({}, [(302, b"")], "HTTP 302"),
        ({"VAULT_ADDR": "http://127.0.0.1:1"}, [], "ConnectError"),
        ({"VAULT_ADDR": "http://vault.example"}, [], "VAULT_ADDR must start with https"),
        ({"VAULT_PATH": "mimic"}, [], "VAULT_PATH must name mount and secret"),
        ({"SECRETS_PROVIDER": "dotenv"}, [], "env, file or vault"),
    ],
)
def test_a_vault_that_gives_nothing_stops_the_start_in_words_without_the_token(
    vault: Vault, changes: dict[str, str], faults: list[tuple[int, bytes]], told: str
) -> None:
    vault.faults = faults
    with pytest.raises(UnsafeConfiguration, match=told) as refusal:
        secrets.resolved(_environ(vault, **changes))
    assert CANARY not in str(refusal.value)
    assert Vault.token not in str(refusal.value)


def test_vault_is_asked_a_second_time_when_it_stumbles(vault: Vault) -> None:
    vault.faults = [(500, b"")]
    assert secrets.resolved(_environ(vault))["SECRET_KEY"] == SAFE["SECRET_KEY"]


def test_secrets_are_asked_for_again_after_their_time_and_kept_while_vault_is_away(
    vault: Vault,
) -> None:
    now = 0.0
    provider = secrets.VaultSecrets(
        address=vault.address, path="secret/mimic/web", token=lambda: Vault.token
    )
    kept = secrets.Secrets(provider, ttl=60, clock=lambda: now)
    assert kept.get("SECRET_KEY") == SAFE["SECRET_KEY"]
    vault.secrets["secret/data/mimic/web"]["SECRET_KEY"] = "newer"
    assert kept.get("SECRET_KEY") == SAFE["SECRET_KEY"]
    now = 61.0
    assert kept.get("SECRET_KEY") == "newer"
    now, vault.faults = 200.0, [(503, b"")] * 2
    assert kept.get("SECRET_KEY") == "newer"
    with pytest.raises(secrets.MissingSecret, match="STRIPE"):
        kept.get("STRIPE")


def test_files_hold_one_secret_each(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text(f"{CANARY}\n")
    (tmp_path / "TOKEN_PEPPER").write_text(CANARY)
    environ = {**REST, "SECRETS_PROVIDER": "file", "SECRETS_DIR": str(tmp_path)}
    found = secrets.resolved(environ)
    assert (found["SECRET_KEY"], found["TOKEN_PEPPER"]) == (CANARY, CANARY)
    with pytest.raises(UnsafeConfiguration, match="nowhere: No such file"):
        secrets.resolved({**environ, "SECRETS_DIR": str(tmp_path / "nowhere")})
