"""What the raw signed clients of venues share that know a key and a secret."""

from __future__ import annotations

import aiohttp


class KeyedClient:
    """``headers`` are those of the last answer."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, key: str, secret: str
    ) -> None:
        self._session = session
        self._base_url = base_url
        self._key = key
        self._secret = secret.encode()
        self.headers: dict[str, str] = {}
