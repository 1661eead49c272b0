"""An alert's body into named text fields: JSON or ``key=value`` text, told apart by content.

TradingView sets the content type by whether the body is JSON, and people paste either; the
header says nothing that the body does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from signals.ingest.errors import AlertUnreadable

MAX_FIELDS = 60
_PAIR = re.compile(r"""([A-Za-z_][\w.]*)\s*=\s*("[^"]*"|'[^']*'|[^\s,;&|]+)""")
_SECRET_FIELDS = ("passphrase", "secret", "token", "password", "api_key")
_SECRET_TEXT = re.compile(
    r"""(?is)(["']?(?:passphrase|secret|token|password|api_key)["']?\s*[:=]\s*)"""
    r"""("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s,;&|}]+)"""
)

Fields = dict[str, str]


def read_fields(body: bytes) -> Fields:
    """Field names in lower case to their text. Raises :class:`AlertUnreadable` with a reason."""
    try:
        text = body.decode("utf-8").strip().lstrip("\ufeff")
    except UnicodeDecodeError as fault:
        raise AlertUnreadable(f"the body is not UTF-8 (byte {fault.start})") from None
    if not text:
        raise AlertUnreadable("the body is empty")
    if "\x00" in text:
        raise AlertUnreadable("the body contains a NUL character")
    fields = _from_json(text) if text[0] in "{[" else _from_text(text)
    if len(fields) > MAX_FIELDS:
        raise AlertUnreadable(f"more than {MAX_FIELDS} fields")
    return fields


def redacted(body: bytes, limit: int | None = None) -> str:
    """The body as it may be stored: UTF-8 text without NUL, its secrets replaced by ``***``."""
    text = body.decode("utf-8", errors="replace").replace("\x00", "\ufffd")
    return _SECRET_TEXT.sub(r"\1***", text)[:limit]


def without_secrets(fields: Mapping[str, str]) -> Fields:
    return {name: text for name, text in fields.items() if name not in _SECRET_FIELDS}


def _from_json(text: str) -> Fields:
    try:
        value = json.loads(
            text, parse_float=Decimal, parse_constant=str, object_pairs_hook=_unique_names
        )
    except (ValueError, RecursionError) as fault:
        raise AlertUnreadable(f"the JSON is malformed: {fault}") from None
    if not isinstance(value, dict):
        raise AlertUnreadable("the JSON must be an object")
    return _flat(value)


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two values under one name: which one was meant cannot be known, so neither is taken."""
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("the JSON names a field twice")
    return found


def _flat(value: Mapping[str, Any], prefix: str = "") -> Fields:
    """One level of nesting becomes a dotted name (``strategy.order.action``)."""
    fields: Fields = {}
    for name, item in value.items():
        key = f"{prefix}{name}".strip().lower()
        if isinstance(item, dict) and prefix.count(".") < 2:
            fields.update(_flat(item, prefix=f"{key}."))
        elif item is None:
            continue
        elif isinstance(item, bool | dict | list):
            fields[key] = json.dumps(item, default=str)
        else:
            fields[key] = str(item).strip()
    return fields


def _from_text(text: str) -> Fields:
    fields = {match[1].lower(): match[2].strip("\"'") for match in _PAIR.finditer(text)}
    if not fields:
        raise AlertUnreadable(
            "the text has no key=value pairs; send JSON or text like symbol=BTCUSDT action=long"
        )
    return fields


def _refuse(reason: str) -> NoReturn:
    raise ValueError(reason)
