"""What a browser is known by: its family and its network. A session is held to both.

Roughly on purpose: a new version, or another address of the same provider, is still the same
browser; another family or another network is asked to sign in again (spec, identity and access).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from ipaddress import ip_network
from typing import Any, Final

from mimic.core.network import parse_address

_PREFIX: Final = {4: 24, 6: 48}
# The first that fits: most browsers also name the ones they descend from.
_BROWSERS: Final = (
    ("Edge", re.compile(r"\bEdgA?(iOS)?/")),
    ("Opera", re.compile(r"\b(OPR|OPT|Opera)/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Firefox", re.compile(r"\b(Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(HeadlessChrome|Chrome|CriOS)/")),
    ("Safari", re.compile(r"\bSafari/")),
)
_SYSTEMS: Final = (
    ("iOS", re.compile(r"\b(iPhone|iPad|iPod)\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("macOS", re.compile(r"\bMac OS X\b|\bMacintosh\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)
_LONGEST: Final = 500  # characters of the header that are looked at
OTHER: Final = "Other"
SESSION_KEY: Final = "fingerprint"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``family`` is empty without a User-Agent header, ``network`` on a Unix socket."""

    family: str
    network: str

    def fits(self, other: Fingerprint) -> bool:
        """What was not known at the beginning binds nothing."""
        return self.family in ("", other.family) and self.network in ("", other.network)

    def kept(self) -> dict[str, str]:
        """As it lies in the session."""
        return asdict(self)


def fingerprint_of(user_agent: str, address: str) -> Fingerprint:
    return Fingerprint(agent_family(user_agent), network_of(address))


def kept_fingerprint(session: Mapping[str, Any]) -> Fingerprint | None:
    """That of the browser which signed in; None for sessions that no browser began."""
    kept = session.get(SESSION_KEY)
    return Fingerprint(kept["family"], kept["network"]) if kept else None


def agent_family(user_agent: str) -> str:
    """Such as "Firefox, Windows"; empty for an empty header."""
    text = user_agent[:_LONGEST]
    if not text.strip():
        return ""
    browser, system = (
        next((name for name, mark in table if mark.search(text)), OTHER)
        for table in (_BROWSERS, _SYSTEMS)
    )
    return f"{browser}, {system}"


def network_of(address: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 one; empty without an address."""
    found = parse_address(address.partition("%")[0])
    if found is None:
        return ""
    return str(ip_network((found, _PREFIX[found.version]), strict=False))
