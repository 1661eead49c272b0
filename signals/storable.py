"""What a text column can hold: no NUL (PostgreSQL has none) and no lone surrogate (UTF-8 has none).

JSON can spell both (``\\u0000``, ``\\ud800``), so a message that decodes well may still not be
storable.
"""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    return _UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    """The text with U+FFFD, as decoders write it, for each character that cannot be stored."""
    return _UNSTORABLE.sub("\ufffd", text)
