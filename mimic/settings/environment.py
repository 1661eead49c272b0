"""The process environment, typed, and what production refuses about it.

``read`` never stops at the first fault: every problem is collected, so that one failed start
names all that must be mended.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from mimic.settings.mail import Smtp, read_smtp

ENVIRONMENTS = ("development", "staging", "production")
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_DEVELOPMENT_SECRET = "development-only-secret-key-that-production-refuses-to-start-with"  # noqa: S105
_MIN_SECRET_LENGTH = 50
_KEY_BYTES = 32
_MOST_RESERVED = 90
_LEAST_LEASE = 6  # seconds: two are never used, and a lease is renewed three times in its life
_SAFE_LEASE = 30
_CAPTCHAS = ("turnstile", "hcaptcha")
_EGRESS = re.compile(r"[A-Za-z0-9-]{1,40}")


class UnsafeConfiguration(Exception):
    """The environment cannot be used; the message lists every problem, one a line."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("refusing to start:\n" + "\n".join(f"  - {text}" for text in problems))


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything that is read from the environment; secrets stay out of the repr.

    ``egress`` names this machine's own address at venues: machines that leave through another one
    need another name, for budgets are counted by it. ``budget_reserve_pct`` of every rate window
    is left to closes. At simulated venues our one address stands for ``simulated_addresses``.
    ``webhook_alerts`` of one strategy are taken in three minutes. Work that nobody finished within
    ``lease_seconds`` goes to somebody else. ``secret_key_fallbacks`` still open what earlier secret
    keys sealed, and seal nothing. ``captcha_kind`` names whose puzzle takes the place of our own,
    see :mod:`accounts.challenges`.
    """

    app_env: str
    debug: bool
    log_level: str
    version: str
    git_sha: str
    site_url: str
    allowed_hosts: list[str]
    trusted_proxies: list[IPv4Network | IPv6Network]
    metrics_networks: list[IPv4Network | IPv6Network]
    venue_urls: dict[str, str]
    instance: str
    egress: str
    budget_reserve_pct: int
    simulated_addresses: int
    worker_metrics_port: int
    database_pool: bool
    fast_orders: bool
    maintenance: bool
    webhook_alerts: int
    lease_seconds: int
    captcha_kind: str
    captcha_site_key: str
    smtp: Smtp | None
    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    metrics_token: str = field(repr=False)
    token_pepper: str = field(repr=False)
    telegram_token: str = field(repr=False)
    captcha_secret: str = field(repr=False)
    platform_passphrase: str = field(repr=False)
    master_keys: tuple[bytes, ...] = field(repr=False)
    signer_public_key: bytes | None = field(repr=False)
    secret_key_fallbacks: list[str] = field(default_factory=list, repr=False)
    webhook_networks: list[IPv4Network | IPv6Network] = field(default_factory=list)
    egress_networks: list[IPv4Network | IPv6Network] = field(default_factory=list)

    @property
    def production(self) -> bool:
        """Staging refuses whatever production refuses."""
        return self.app_env != "development"


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, default).strip()

    def listing(self, name: str, default: str = "") -> list[str]:
        return [part.strip() for part in self.text(name, default).split(",") if part.strip()]

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, str(default)).lower()
        if value not in {"true", "false", "1", "0", "yes", "no"}:
            self.problems.append(f"{name} must be true or false, not {value!r}")
        return value in {"true", "1", "yes"}

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal():
            self.problems.append(f"{name} must be a whole number, not {value!r}")
            return default
        return int(value)

    def networks(self, name: str, default: str = "") -> list[IPv4Network | IPv6Network]:
        found = []
        for part in self.listing(name, default):
            try:
                found.append(ip_network(part))
            except ValueError as fault:
                self.problems.append(f"{name}: {fault}")
        return found

    def keys(self, name: str) -> tuple[bytes, ...]:
        found = []
        for place, part in enumerate(self.listing(name), start=1):
            try:
                key = base64.b64decode(part, validate=True)
            except binascii.Error:
                key = b""
            if len(key) == _KEY_BYTES:
                found.append(key)
            else:
                self.problems.append(f"{name}: key {place} is not 32 bytes in base64")
        return tuple(found)

    def urls(self, name: str) -> dict[str, str]:
        try:
            value = json.loads(self.text(name, "{}") or "{}")
        except ValueError:
            value = None
        if not isinstance(value, dict) or not all(
            isinstance(url, str) and urlsplit(url).hostname for url in value.values()
        ):
            self.problems.append(f"{name} must be a JSON object of venue to URL")
            return {}
        return {str(venue): str(url) for venue, url in value.items()}


def read(environ: Mapping[str, str], base: Path) -> Environment:
    """Build the environment. Raises :class:`UnsafeConfiguration` with all problems at once."""
    reader = _Reader(environ)
    app_env = reader.text("APP_ENV", "development")
    if app_env not in ENVIRONMENTS:
        reader.problems.append(f"APP_ENV must be one of {', '.join(ENVIRONMENTS)}, not {app_env!r}")
    development = app_env == "development"
    embedded = partial(_embedded_address, base)
    public = reader.keys("SIGNER_PUBLIC_KEY")
    secret = reader.text("SECRET_KEY", _DEVELOPMENT_SECRET if development else "")
    site_url = reader.text("SITE_URL", "http://127.0.0.1:8000" if development else "")
    found = Environment(
        app_env=app_env,
        debug=reader.flag("DEBUG", default=False),
        log_level=reader.text("APP_LOG_LEVEL", "INFO").upper(),
        version=reader.text("APP_VERSION", "0.0.0-dev" if development else ""),
        git_sha=reader.text("GIT_SHA", "unknown" if development else ""),
        site_url=site_url,
        allowed_hosts=reader.listing(
            "ALLOWED_HOSTS", "127.0.0.1,localhost,testserver" if development else ""
        ),
        trusted_proxies=reader.networks("TRUSTED_PROXIES"),
        metrics_networks=reader.networks("METRICS_NETWORKS", "127.0.0.0/8,::1/128"),
        venue_urls=reader.urls("MIMIC_VENUE_URLS"),
        instance=reader.text("MIMIC_INSTANCE", "dev0" if development else ""),
        egress=reader.text("MIMIC_EGRESS", "direct"),
        budget_reserve_pct=reader.number("BUDGET_RESERVE_PCT", 20),
        simulated_addresses=reader.number("SIMULATED_ADDRESSES", 1),
        worker_metrics_port=reader.number("WORKER_METRICS_PORT", 0),
        database_pool=reader.flag("DB_POOL", default=True),
        fast_orders=reader.flag("FAST_ORDERS", default=True),
        maintenance=reader.flag("MAINTENANCE", default=False),
        webhook_alerts=reader.number("WEBHOOK_ALERTS", 30),
        lease_seconds=reader.number("LEASE_SECONDS", 30),
        captcha_kind=reader.text("CAPTCHA_KIND"),
        captcha_site_key=reader.text("CAPTCHA_SITE_KEY"),
        captcha_secret=reader.text("CAPTCHA_SECRET"),
        smtp=read_smtp(reader, site_host=urlsplit(site_url).hostname or ""),
        telegram_token=reader.text("TELEGRAM_BOT_TOKEN"),
        secret_key=secret,
        secret_key_fallbacks=reader.listing("SECRET_KEY_FALLBACKS"),
        database_url=reader.text("DATABASE_URL", embedded("database_url") if development else ""),
        redis_url=reader.text("REDIS_URL", embedded("redis_url") if development else ""),
        metrics_token=reader.text("METRICS_TOKEN"),
        token_pepper=reader.text("TOKEN_PEPPER", secret if development else ""),
        platform_passphrase=reader.text("WEBHOOK_PASSPHRASE"),
        master_keys=reader.keys("MASTER_KEYS"),
        signer_public_key=public[0] if public else None,
        webhook_networks=reader.networks("WEBHOOK_IPS"),
        egress_networks=reader.networks("EGRESS_IPS"),
    )
    problems = reader.problems + _common_problems(found)
    if found.production:
        problems += _production_problems(
            found, allow_venues=reader.flag("MIMIC_ALLOW_VENUE_URLS", default=False)
        )
        if reader.text("CHECKPOINT"):
            problems.append("CHECKPOINT stops processes for the chaos suite: never in production")
    if problems:
        raise UnsafeConfiguration(problems)
    return found


def _embedded_address(base: Path, name: str) -> str:
    """Where a development shell finds the servers that ``make dev`` keeps running."""
    defaults = {
        "database_url": "postgresql://mimic@127.0.0.1/mimic",
        "redis_url": "redis://127.0.0.1:6379/0",
    }
    file = base / "var" / "embedded" / name
    return file.read_text().strip() if file.is_file() else defaults[name]


def _common_problems(found: Environment) -> list[str]:
    problems = []
    if urlsplit(found.database_url).scheme not in {"postgres", "postgresql"}:
        problems.append("DATABASE_URL must start with postgresql://")
    if urlsplit(found.redis_url).scheme not in {"redis", "rediss", "unix"}:
        problems.append("REDIS_URL must start with redis://, rediss:// or unix://")
    if not (len(found.instance) == 4 and found.instance.isalnum() and found.instance.isascii()):
        problems.append("MIMIC_INSTANCE must be four ASCII letters or digits (client id prefix)")
    captcha = (found.captcha_kind, found.captcha_site_key, found.captcha_secret)
    if any(captcha) and (not all(captcha) or found.captcha_kind not in _CAPTCHAS):
        problems.append(
            f"CAPTCHA_KIND must be one of {', '.join(_CAPTCHAS)}, with CAPTCHA_SITE_KEY and "
            "CAPTCHA_SECRET; none of the three means our own puzzle"
        )
    if not _EGRESS.fullmatch(found.egress):
        problems.append("MIMIC_EGRESS must be 1 to 40 letters, digits or hyphens")
    if found.lease_seconds < _LEAST_LEASE:
        problems.append(f"LEASE_SECONDS must be at least {_LEAST_LEASE}")
    if not 0 <= found.budget_reserve_pct <= _MOST_RESERVED:
        problems.append(f"BUDGET_RESERVE_PCT must be between 0 and {_MOST_RESERVED}")
    return problems


def _production_problems(found: Environment, *, allow_venues: bool) -> list[str]:
    checks = {
        "SECRET_KEY must be set to 50 or more random characters": (
            len(found.secret_key) < _MIN_SECRET_LENGTH or found.secret_key == _DEVELOPMENT_SECRET
        ),
        "TOKEN_PEPPER must be set to 50 or more random characters": (
            len(found.token_pepper) < _MIN_SECRET_LENGTH
        ),
        "DEBUG must be off": found.debug,
        "APP_VERSION must be set": not found.version,
        "GIT_SHA must be set": not found.git_sha,
        "SITE_URL must start with https://": urlsplit(found.site_url).scheme != "https",
        "ALLOWED_HOSTS must name the hosts, without *": (
            not found.allowed_hosts or "*" in found.allowed_hosts
        ),
        "SIGNER_PUBLIC_KEY must be set (manage.py signer_key prints it)": (
            found.signer_public_key is None
        ),
        f"LEASE_SECONDS must be at least {_SAFE_LEASE}: less is for the chaos suite": (
            found.lease_seconds < _SAFE_LEASE
        ),
        "MIMIC_VENUE_URLS is for simulators; set MIMIC_ALLOW_VENUE_URLS=true if you mean it": (
            bool(found.venue_urls) and not allow_venues
        ),
    }
    return [text for text, wrong in checks.items() if wrong]
