"""Where secrets come from: the environment, files, or HashiCorp Vault, behind one interface.

``SECRETS_PROVIDER`` chooses. A secret that stands in the environment is taken from there whatever
the provider: so a machine that has one secret of its own needs no vault of its own.

* ``env`` (the usual one): nothing else is asked.
* ``file``: ``SECRETS_DIR`` (/run/secrets as Docker mounts them) holds one file a secret.
* ``vault``: one KV version 2 secret, ``VAULT_PATH`` (mount and path) at ``VAULT_ADDR``, read with
  ``VAULT_TOKEN`` or the token in ``VAULT_TOKEN_FILE`` (where Vault's agent keeps it fresh). Give
  web a path without MASTER_KEYS, and the signing processes another.
"""

from __future__ import annotations

import time
from collections import ChainMap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from mimic.settings.environment import LOOPBACK_HOSTS, UnsafeConfiguration

NAMES: Final = (
    "SECRET_KEY", "SECRET_KEY_FALLBACKS", "TOKEN_PEPPER", "MASTER_KEYS", "DATABASE_URL",
    "REDIS_URL", "METRICS_TOKEN", "WEBHOOK_PASSPHRASE", "TELEGRAM_BOT_TOKEN", "CAPTCHA_SECRET",
    "SMTP_PASSWORD",
)  # fmt: skip
TTL: Final = 300.0
_SECONDS: Final = 5.0
_TRIES: Final = 2


class ProviderAway(Exception):
    """The provider did not give its secrets. The text names the reason and no secret."""


class MissingSecret(LookupError):
    """The provider answered, and has no secret of that name."""


class Provider(Protocol):
    """``read`` gives every secret it has, by name. Raises :class:`ProviderAway`."""

    def read(self) -> Mapping[str, str]: ...


class FileSecrets:
    """One file a secret, named like it in either case; a line break at the end is none of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> Mapping[str, str]:
        try:
            files = [file for file in self._folder.iterdir() if file.is_file()]
            return {file.name.upper(): file.read_text().rstrip("\r\n") for file in files}
        except OSError as fault:
            raise ProviderAway(f"{self._folder}: {fault.strerror}") from None


class VaultSecrets:
    """One secret of the KV engine (developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2)."""

    def __init__(self, *, address: str, path: str, token: Callable[[], str]) -> None:
        mount, _slash, rest = path.partition("/")
        self._url = f"{address.rstrip('/')}/v1/{mount}/data/{rest}"
        self._token = token

    def read(self) -> Mapping[str, str]:
        import httpx

        for left in reversed(range(_TRIES)):
            try:
                headers = {"X-Vault-Token": self._token(), "X-Vault-Request": "true"}
                answer = httpx.get(self._url, headers=headers, timeout=_SECONDS)
            except (httpx.HTTPError, OSError) as fault:
                problem = type(fault).__name__
            else:
                if answer.status_code == httpx.codes.OK:
                    return _content(answer)
                problem = f"HTTP {answer.status_code}"
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    break  # asking again changes nothing
            if left:
                time.sleep(0.2)
        raise ProviderAway(f"{self._url}: {problem}")


class Secrets:
    """A provider's secrets, asked for again after ``ttl`` seconds; kept while it is away."""

    def __init__(
        self,
        provider: Provider,
        *,
        ttl: float = TTL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider, self._ttl, self._clock = provider, ttl, clock
        self._known: Mapping[str, str] | None = None
        self._until = 0.0

    def get(self, name: str) -> str:
        """Raises :class:`MissingSecret`; :class:`ProviderAway` before the first answer."""
        known = self._fresh()
        if name not in known:
            raise MissingSecret(name)
        return known[name]

    def _fresh(self) -> Mapping[str, str]:
        if self._known is None or self._clock() >= self._until:
            try:
                self._known = self._provider.read()
            except ProviderAway:
                if self._known is None:
                    raise
            self._until = self._clock() + self._ttl
        return self._known


def resolved(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment with the provider's secrets behind it.

    Raises :class:`mimic.settings.environment.UnsafeConfiguration`: nothing starts without them.
    """
    kind = environ.get("SECRETS_PROVIDER", "env")
    if kind == "env":
        return environ
    if kind not in _PROVIDERS:
        raise UnsafeConfiguration([f"SECRETS_PROVIDER must be env, file or vault, not {kind!r}"])
    secrets = Secrets(_PROVIDERS[kind](environ))
    found = {}
    for name in NAMES:
        if name in environ:
            continue
        try:
            found[name] = secrets.get(name)
        except MissingSecret:
            continue  # what needs it says so by its name
        except ProviderAway as fault:
            raise UnsafeConfiguration([f"SECRETS_PROVIDER {kind} gives nothing: {fault}"]) from None
    return ChainMap(dict(environ), found)


def _files(environ: Mapping[str, str]) -> Provider:
    return FileSecrets(Path(environ.get("SECRETS_DIR", "/run/secrets")))


def _vault(environ: Mapping[str, str]) -> Provider:
    address, path = environ.get("VAULT_ADDR", ""), environ.get("VAULT_PATH", "")
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK_HOSTS:
        raise UnsafeConfiguration(["VAULT_ADDR must start with https://"])
    if "/" not in path:
        raise UnsafeConfiguration(["VAULT_PATH must name mount and secret: secret/mimic/web"])
    file = environ.get("VAULT_TOKEN_FILE", "")

    def token() -> str:
        return Path(file).read_text().strip() if file else environ.get("VAULT_TOKEN", "")

    return VaultSecrets(address=address, path=path, token=token)


def _content(answer: object) -> Mapping[str, str]:
    """``{"data": {"data": {name: value}}}``; anything else is no answer."""
    try:
        found = answer.json()["data"]["data"]  # type: ignore[attr-defined]
        return {str(name): str(value) for name, value in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ProviderAway("the answer is no secret of KV version 2") from None


_PROVIDERS: Final[dict[str, Callable[[Mapping[str, str]], Provider]]] = {
    "file": _files,
    "vault": _vault,
}
