"""An alert's body into named fields: JSON or ``key=value`` text, told apart by content.

TradingView sets the content type by whether the body is JSON, and people paste either; the
header says nothing that the body does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, NoReturn

from mimic.core.errors import MimicError
from mimic.core.redaction import HIDDEN
from signals.ingest.errors import AlertFieldInvalid, AlertUnreadable
from signals.ingest.redaction import (
    Redactor,
    is_secret_name,
    names_a_secret,
    secrets_in,
    without_generated,
)
from signals.ingest.tradingview.names import MEANINGFUL, STRATEGY
from signals.storable import is_storable

MAX_FIELDS = 60
MAX_DIGITS = 100
_MAX_NAME = 60
_MAX_ITEMS = 20
_SCALARS = MEANINGFUL - {STRATEGY}  # an object there is a mistake, not a group of fields
# A name starts where no other could, and nothing is given back: linear on any text.
_PAIR = re.compile(
    r"""(?<![\w.])([A-Za-z_][\w.]*+)\s*+=\s*+("[^"]*"|'[^']*'|[^\s,;&|]+)""",
)


class Field(NamedTuple):
    """``said`` is what was sent, to act on. ``name`` and ``shown`` hold no secret, to tell of."""

    name: str
    said: str
    shown: str


Fields = dict[str, Field]
Fault = AlertUnreadable | AlertFieldInvalid


@dataclass(frozen=True, slots=True)
class Message:
    """A body as far as it could be read.

    ``fields`` by name in lower case, None if there are none; ``fault`` is why it cannot be taken,
    whatever it says; ``stored`` is what may be kept of it.
    """

    stored: str
    fields: Fields | None = field(repr=False)
    fault: MimicError | None

    def said(self, name: str) -> str:
        """What was sent under exactly that name, or nothing."""
        found = self.fields.get(name) if self.fields else None
        return found.said if found else ""


def read_message(body: bytes, known: Iterable[str] = ()) -> Message:
    """Reads any bytes; what is wrong with them is the message's ``fault``.

    ``known`` are the secrets that must not be kept, besides those that the body names.
    """
    try:
        text = _decoded(body)
        value = _from_json(text) if text[0] in "{[" else _from_text(text)
    except AlertUnreadable as unreadable:
        return unread_message(body, unreadable, known)
    if isinstance(value, dict):
        redactor = Redactor([*known, *secrets_in(value)], within=text)
        fields, fault = _collect(_flat(value), redactor)
        return Message(redactor.json(value, text), fields, fault)
    redactor = Redactor([*known, *(said for name, said in value if is_secret_name(name))])
    fields, fault = _collect(value, redactor, only_meaningful=names_a_secret(text))
    return Message(_stored_text(text, fields, redactor), fields, fault)


def unread_message(body: bytes, fault: MimicError, known: Iterable[str] = ()) -> Message:
    """A body that nobody reads, or can read, because of ``fault``."""
    return Message(Redactor(known).unread(body.decode(errors="replace")), None, fault)


def _decoded(body: bytes) -> str:
    try:
        text = body.decode("utf-8").strip().removeprefix("\ufeff").strip()
    except UnicodeDecodeError as fault:
        raise AlertUnreadable(f"the body is not UTF-8 (byte {fault.start})") from None
    if not text:
        raise AlertUnreadable("the body is empty")
    if "\x00" in text:
        raise AlertUnreadable("the body contains a NUL character")
    return text


def _from_json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(
            text,
            parse_int=lambda digits: int(_short(digits)),
            parse_float=_short,
            parse_constant=str,
            object_pairs_hook=_unique_names,
        )
    except (ValueError, RecursionError) as fault:
        raise AlertUnreadable(f"the JSON is malformed: {fault}") from None
    if not isinstance(value, dict):
        raise AlertUnreadable("the JSON must be an object")
    return value


def _short(digits: str) -> str:
    """A number as it was written; what it means is decided where a field needs one."""
    if len(digits) > MAX_DIGITS:
        _refuse(f"a number has more than {MAX_DIGITS} digits")
    return digits


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two values under one name: which one was meant cannot be known, so neither is taken."""
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("the JSON names a field twice")
    return found


def _refuse(reason: str) -> NoReturn:
    raise ValueError(reason)


def _from_text(text: str) -> list[tuple[str, str]]:
    pairs = [(match[1], match[2].strip("\"'")) for match in _PAIR.finditer(text)]
    if not pairs:
        raise AlertUnreadable(
            "the text has no key=value pairs; send JSON or text like symbol=BTCUSDT action=long"
        )
    return pairs


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Two levels of nesting become dotted names (``strategy.order.action``)."""
    for name, item in value.items():
        key = f"{prefix}{name}".strip()
        if isinstance(item, dict) and key.lower() not in _SCALARS and prefix.count(".") < 2:
            yield from _flat(item, prefix=f"{key}.")
        elif item is not None:
            yield key, item


def _collect(
    pairs: Iterable[tuple[str, Any]], redactor: Redactor, *, only_meaningful: bool = False
) -> tuple[Fields, Fault | None]:
    """The fields, and the first thing about them that is wrong whatever they mean.

    ``only_meaningful``: the others may be pieces of a secret, so nothing of them is shown.
    """
    fields: Fields = {}
    fault: Fault | None = None
    for label, item in pairs:
        name, said = label.lower(), _said(item, redactor)
        if name not in MEANINGFUL and len(fields) > MAX_FIELDS:
            continue
        if name not in fields:
            hidden = only_meaningful and name not in MEANINGFUL
            fields[name] = Field(HIDDEN, said, HIDDEN) if hidden else _field(label, said, redactor)
        elif fields[name].said != said and name in MEANINGFUL:
            fault = fault or AlertUnreadable(f"{name} is named twice with different values")
        if not is_storable(name + said):
            fault = fault or AlertFieldInvalid(
                f"{fields[name].name} has a character that no text can hold "
                "(NUL or half a surrogate pair)"
            )
    if len(fields) > MAX_FIELDS:
        fault = fault or AlertUnreadable(f"more than {MAX_FIELDS} fields")
    return fields, fault


def _field(label: str, said: str, redactor: Redactor) -> Field:
    shown = HIDDEN if is_secret_name(label) else redactor.text(said)
    return Field(redactor.text(label)[:_MAX_NAME], said, shown)


def _said(item: Any, redactor: Redactor) -> str:
    """Lists and deeper objects mean nothing to an alert, so only what may be shown of them, and of
    long ones the beginning.
    """
    if isinstance(item, list):
        item = item[:_MAX_ITEMS]
    elif isinstance(item, dict):
        item = dict(islice(item.items(), _MAX_ITEMS))
    if isinstance(item, bool | dict | list):
        return json.dumps(redactor.value(item), ensure_ascii=False)
    return str(item).strip()


def _stored_text(text: str, fields: Fields, redactor: Redactor) -> str:
    """The text; beside a secret's name only what we can tell apart from the secret."""
    if not names_a_secret(text):
        return without_generated(redactor.text(text))
    told = (each for name, each in fields.items() if name in MEANINGFUL)
    return " ".join(
        f'{each.name}="{each.shown}"' if " " in each.shown else f"{each.name}={each.shown}"
        for each in told
    )
