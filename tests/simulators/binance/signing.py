"""The signature scheme: HMAC-SHA256 over query string and body exactly as they were sent."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl

from tests.simulators.binance.errors import refusal

_MARK = "signature="


def signature(secret: bytes, payload: bytes) -> str:
    """Hex digest of ``payload`` (query + body, no separator, without the signature itself)."""
    return hmac.digest(secret, payload, "sha256").hex()


def split_signature(part: str) -> tuple[str, str]:
    """``part`` without its trailing ``signature`` parameter, and the signature (or "").

    A signature in any place but the last is left where it is, so that the check fails.
    """
    head, found, tail = part.rpartition(_MARK)
    if not found or "&" in tail or not (head == "" or head.endswith("&")):
        return part, ""
    return head[:-1], tail


def parse_parameters(query: str, body: str) -> dict[str, str]:
    """Both parts decoded into one mapping; the query wins where names clash.

    Raises a -1101 refusal when one part names a parameter twice.
    """
    parameters = _decode(body) if body else {}
    if query:
        parameters.update(_decode(query))
    return parameters


def _decode(part: str) -> dict[str, str]:
    if "%" in part or "+" in part:
        pairs = parse_qsl(part, keep_blank_values=True)
    else:
        pairs = [(name, value) for name, _, value in (p.partition("=") for p in part.split("&"))]
    decoded = dict(pairs)
    if len(decoded) != len(pairs):
        raise refusal(-1101)
    return decoded
