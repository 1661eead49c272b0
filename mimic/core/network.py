"""Who is calling: client addresses that cannot be spoofed by a header."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_LONGEST_TEXT: Final = 100  # what is longer is no address, and is not to be remembered either
_MOST_HOPS: Final = 20


def parse_address(text: str) -> Address | None:
    """An address with or without port and brackets; IPv4 inside IPv6 is unwrapped."""
    return _parsed(text) if len(text) <= _LONGEST_TEXT else None


@lru_cache(maxsize=1_024)  # a peer is asked about several times a request, and comes again
def _parsed(text: str) -> Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def within(address: Address | None, networks: Iterable[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def resolve_client(remote: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """Walk ``X-Forwarded-For`` from the right for as long as the hop before is a trusted proxy.

    ``remote`` is the socket's peer. What stands left of the first untrusted hop was written by
    the caller and is ignored. Returns "" when the peer has no address (a Unix socket).
    """
    client = parse_address(remote)
    for hop in reversed(forwarded_for.rsplit(",", _MOST_HOPS)):
        address = parse_address(hop) if within(client, trusted) else None
        if address is None:
            break
        client = address
    return str(client) if client else ""


def neighbourhood(address: str) -> str:
    """What one caller has at hand, to count by: an IPv4 address, the /64 of an IPv6 one."""
    found = parse_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, 64), strict=False))
    return str(found or "")


def client_ip(request: HttpRequest) -> str:
    """The caller's address; headers count only from ``settings.TRUSTED_PROXIES``."""
    return client_ip_of_environ(request.META)


def storable_address(address: str) -> str | None:
    """An address as the database takes it: none on a Unix socket, without an IPv6 zone."""
    return address.partition("%")[0] or None


def client_ip_of_environ(environ: dict[str, Any]) -> str:
    """The same for a WSGI environment."""
    return resolve_client(
        environ.get("REMOTE_ADDR") or "",
        environ.get("HTTP_X_FORWARDED_FOR", ""),
        settings.TRUSTED_PROXIES,
    )


def client_ip_of_scope(scope: dict[str, Any]) -> str:
    """The same for an ASGI scope (sockets)."""
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    peer = scope.get("client") or ("", 0)
    return resolve_client(peer[0], b",".join(forwarded).decode("latin-1"), settings.TRUSTED_PROXIES)
