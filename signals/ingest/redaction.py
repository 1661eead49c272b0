"""Copies of messages that may be stored, quoted and shown: what opens a door becomes ``***``.

A known secret goes wherever it stands, a named one with its name: in a message that was read its
value goes; in text that nobody could read everything from the name on goes, since nobody can tell
where the value ends. Every step is linear in the length of the text, which a stranger chose.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from mimic.core.redaction import HIDDEN
from signals.storable import storable

_MIN_SECRET = 4  # shorter ones are hidden where they are named, or every 1 of a price would go
_MAX_SECRETS = 32
_MAX_DEPTH = 16
_SHORT = 60
_UNESCAPE_ROUNDS = 3  # JSON inside JSON inside a URL

# Nothing of a text without these, in ASCII, is ever hidden or rewritten but a known secret.
_TELLTALES = (
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "auth",
    "bearer",
    "/webhook",
    "%",
    "\\",
    "\0",
)

_NAMES = re.compile(
    "pass|phrase|pwd|^pw$|secret|token|key|auth|bearer|credential|signature|mnemonic|webhook"
)
_NAMED_IN_PROSE = re.compile(
    r"pass[\s_-]?(?:phrase|word|wd|code)|(?:api|secret|private|access)[\s_-]?key"
    r"|\b(?:pass|pwd|secret|token|key|auth|bearer)\b[\s\"']*+[:=]",
    re.IGNORECASE,
)
_DOOR = re.compile(r"(/webhook/+)[^/?#\s\"']+", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})|(?:\\x|%)([0-9a-f]{2})", re.IGNORECASE)
_RUN = re.compile(r"[A-Za-z0-9_+/-]{20,}=*")  # 128 bits take 22 characters of base64, 32 of hex
_ALPHABETS = tuple(re.compile(pattern) for pattern in ("[a-z]", "[A-Z]", "[0-9]"))


class Redactor:
    """Knows the secrets of one message: those we expect and those that it names itself."""

    def __init__(self, secrets: Iterable[str], within: str = "") -> None:
        """``within``: the whole message. When it holds nothing to hide, none of its parts does."""
        found = {secret for secret in secrets if len(secret) >= _MIN_SECRET}
        self._secrets = sorted(found, key=len, reverse=True)
        self._harmless = bool(within) and self._is_harmless(within)

    def text(self, text: str) -> str:
        """A value, name or remark; what follows a secret's name in it goes as well."""
        if self._harmless:
            return text
        if len(self._secrets) > _MAX_SECRETS:
            return HIDDEN
        plain = unescaped(text)
        if plain != text and (_NAMED_IN_PROSE.search(plain) or self._known_in(plain)):
            text = plain
        text = self._without_known(text)
        named = _NAMED_IN_PROSE.search(text)
        if named is not None and text[named.end() :].strip():
            text = f"{text[: named.end()]} {HIDDEN}"
        return storable(text)

    def value(self, value: Any, depth: int = 0) -> Any:
        """A copy of parsed JSON: values below a secret's name and what is nested too deep go."""
        if isinstance(value, dict | list) and depth >= _MAX_DEPTH:
            return "…"
        if isinstance(value, dict):
            return {
                self.text(name): HIDDEN if is_secret_name(name) else self.value(item, depth + 1)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self.value(item, depth + 1) for item in value]
        if isinstance(value, str):
            return self.text(value)
        return HIDDEN if self._known_in(str(value)) else value

    def json(self, value: Any, text: str) -> str:
        """Parsed JSON as text: as it was sent if nothing is secret, else written anew."""
        copy = self.value(value)
        return storable(text) if copy == value else json.dumps(copy, ensure_ascii=False)

    def unread(self, text: str) -> str:
        """What may be kept of text that could not be read."""
        plain = self._without_known(unescaped(text))
        letters, places = _letters(plain)
        named = _NAMES.search(letters)
        if named is not None:
            plain = plain[: places[named.start()]] + HIDDEN
        return storable(without_generated(plain))

    def _is_harmless(self, text: str) -> bool:
        """Each word of :data:`_NAMED_IN_PROSE` has a telltale, and so has every way to escape."""
        small = text.lower()
        return (
            text.isascii()
            and not any(telltale in small for telltale in _TELLTALES)
            and not self._known_in(text)
        )

    def _known_in(self, text: str) -> bool:
        return any(secret in text for secret in self._secrets)

    def _without_known(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return _DOOR.sub(rf"\1{HIDDEN}", text)


def is_secret_name(name: str) -> bool:
    """Whether a field of that name hides its value, however the name is spelt."""
    return _is_short_secret_name(name) if len(name) <= _SHORT else _is_secret_name(name)


def _is_secret_name(name: str) -> bool:
    return _NAMES.search(_letters(name)[0]) is not None


_is_short_secret_name = lru_cache(maxsize=4_096)(_is_secret_name)  # alerts use the same few names


def names_a_secret(text: str) -> bool:
    """Whether a secret's name stands anywhere in the text."""
    return is_secret_name(unescaped(text))


def secrets_in(value: Any) -> Iterator[str]:
    """Texts and numbers anywhere below a secret's name in parsed JSON."""
    waiting = [(value, False)]
    while waiting:  # not by recursion: a stranger chose the depth
        item, secret = waiting.pop()
        if isinstance(item, dict):
            waiting += [(each, secret or is_secret_name(name)) for name, each in item.items()]
        elif isinstance(item, list):
            waiting += [(each, secret) for each in item]
        elif secret and item is not None and not isinstance(item, bool):
            yield str(item).strip()


def without_generated(text: str) -> str:
    """The text without runs that look generated: long, of more than one kind of character."""
    return _RUN.sub(lambda run: HIDDEN if _looks_generated(run[0]) else run[0], text)


def unescaped(text: str) -> str:
    """The text with ``\\uXXXX``, ``\\xXX`` and ``%XX`` undone, also where they are nested."""
    for _ in range(_UNESCAPE_ROUNDS if "%" in text or "\\" in text else 0):
        plain = _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
        if plain == text:
            break
        text = plain
    return text


def _looks_generated(run: str) -> bool:
    return sum(alphabet.search(run) is not None for alphabet in _ALPHABETS) > 1


def _letters(text: str) -> tuple[str, list[int]]:
    """The letters a-z in lower case and where each stands: ``Pass_Phrase`` has passphrase's."""
    found = [
        (letter, place)
        for place, character in enumerate(text)
        for letter in _plain_letters(character)
        if "a" <= letter <= "z"
    ]
    return "".join(letter for letter, _ in found), [place for _, place in found]


def _plain_letters(character: str) -> str:
    if character.isascii():
        return character.lower()
    return unicodedata.normalize("NFKD", character).casefold()
