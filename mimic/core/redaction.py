"""Keep secrets and flooding out of logs: names that hide their value, texts that carry one."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "***"
MAX_TEXT = 2_000
MAX_TRACEBACK = 16_000
_MAX_ITEMS = 50
_MAX_DEPTH = 4

_SECRET_NAME = re.compile(
    r"pass(word|phrase|wd)|secret|token|authori[sz]ation|cookie|api[_-]?key|private[_-]?key"
    r"|master[_-]?key|signature|mnemonic|session[_-]?(key|id)|csrf|^otp|^hash$|^state$|^pin$|^cvv$|^dsn$",
    re.IGNORECASE,
)
_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(/webhook/[/\s\"']*)[^/?#\s\"']+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"(/(?:confirm-email|password/reset/key)/)[^/?#\s\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"(://[^/\s:@]*:)[^@/\s]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"\b(Bearer|Basic|Token)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (
        # A name is looked at once, where it begins, and nothing is given back: linear on any text.
        re.compile(
            r"(?<![\w-])(?P<name>(?=[\w-]*(?:passphrase|password|secret|token|api_?key|apikey"
            r"|signature|listenkey|private_?key))[\w-]++[\"']?+\s*+[=:]\s*+[\"']?+)[^\s&\"',;}]+",
            re.IGNORECASE,
        ),
        rf"\g<name>{HIDDEN}",
    ),
)


def is_secret_name(name: str) -> bool:
    """True for names of headers and fields whose values are never logged."""
    return _SECRET_NAME.search(name) is not None


def redact_text(text: str, *, limit: int = MAX_TEXT) -> str:
    """The text without tokens, passwords in URLs or ``name=secret`` pairs, cut at ``limit``."""
    if len(text) > limit:
        text = f"{text[:limit]}… ({len(text)} characters)"
    for pattern, replacement in _TEXTS:
        text = pattern.sub(replacement, text)
    return text


def redact(value: Any, *, depth: int = 0) -> Any:
    """The same for nested values: JSON-like shapes stay, the rest becomes its text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict | list | tuple | set | frozenset) and depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        return {
            str(name): HIDDEN if is_secret_name(str(name)) else redact(item, depth=depth + 1)
            for name, item in list(value.items())[:_MAX_ITEMS]
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item, depth=depth + 1) for item in list(value)[:_MAX_ITEMS]]
    return redact_text(str(value))
