"""Frames from the browser: read strictly, refused with a code."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import IntEnum

OPERATIONS = ("sign_in", "subscribe", "unsubscribe", "ping")
MAX_FRAME = 16_384
MAX_NAMES = 100
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}(:[A-Za-z0-9_./:-]{1,64})?")
_ID = re.compile(r"[\w.-]{1,64}")


class Close(IntEnum):
    """Close codes (api.md, Sockets)."""

    ANONYMOUS = 4401
    FOREIGN_ORIGIN = 4403
    SLOW = 4408
    LIMIT = 4429


class RequestRefused(Exception):
    """Answered with ``error``; ``close`` says that the socket ends too."""

    def __init__(
        self, code: str, detail: str, id: str | None = None, close: Close | None = None
    ) -> None:
        self.code, self.id, self.close = code, id, close
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class Request:
    """``snapshot`` False leaves the present state out: a page that has just been drawn knows it."""

    op: str
    channels: list[str]
    id: str | None
    snapshot: bool = True
    token: str = field(default="", repr=False)


def read_request(text: str | None) -> Request:
    """Raises :class:`RequestRefused` for anything but one of our operations."""
    if text is None or len(text) > MAX_FRAME:
        raise RequestRefused("malformed", f"text of at most {MAX_FRAME} characters is taken")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise RequestRefused("malformed", "not JSON") from None
    if not isinstance(found, dict):
        raise RequestRefused("malformed", "not an object")
    given = found.get("id")
    id = given if isinstance(given, str) and _ID.fullmatch(given) else None
    op = found.get("op")
    if op not in OPERATIONS:
        raise RequestRefused("unknown_operation", f"one of {', '.join(OPERATIONS)}", id)
    if op == "ping":
        return Request(op, [], id)
    if op == "sign_in":
        return Request(op, [], id, token=_token(found.get("token"), id))
    snapshot = found.get("snapshot", True)
    if not isinstance(snapshot, bool):
        raise RequestRefused("malformed", "snapshot is true or false", id)
    return Request(op, _names(found.get("channels"), id), id, snapshot)


def _token(value: object, id: str | None) -> str:
    if not isinstance(value, str) or not value:
        raise RequestRefused("malformed", "token is the text of an access token", id)
    return value


def _names(value: object, id: str | None) -> list[str]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_NAMES:
        raise RequestRefused("malformed", f"channels is a list of 1 to {MAX_NAMES} names", id)
    for name in value:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise RequestRefused("unknown_channel", "a channel's name is malformed", id)
    return list(dict.fromkeys(value))
