"""Scripted faults: which request they hit, and when.

A script names an ``endpoint`` (``"POST /fapi/v1/order"``, a bare path, or ``"*"``), optionally one
``client_id`` or ``api_key``, fires from the ``nth`` matching request on, ``count`` times (0: for
ever), ``before_accept`` (the engine never sees the request) or ``after_accept`` (only the answer
suffers). Actions: ``delay`` (``ms``), ``late`` (reset at once; the engine sees the request after
``ms`` all the same), ``status`` (``status``, ``body``, ``headers``), ``rst``,
``fin``, ``truncate``, ``garbage200`` (``body``), ``redirect`` (``location``), ``silent``. ``ms``
postpones any of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

BEFORE, AFTER = "before_accept", "after_accept"
ACTIONS = frozenset(
    ("delay", "late", "status", "rst", "fin", "truncate", "garbage200", "redirect", "silent")
)


@dataclass(slots=True)
class Script:
    """``exempt_reduce_only`` lets reducing orders pass, as documented for -1008."""

    action: str
    endpoint: str = "*"
    when: str = BEFORE
    nth: int = 1
    count: int = 1
    client_id: str = ""
    api_key: str = ""
    ms: int = 0
    status: int = 503
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    location: str = ""
    exempt_reduce_only: bool = False
    id: int = 0
    seen: int = 0
    fired: int = 0

    def applies(self, endpoint: str, api_key: str, parameters: Mapping[str, str]) -> bool:
        if self.endpoint not in ("*", endpoint, endpoint.partition(" ")[2]):
            return False
        if self.api_key and self.api_key != api_key:
            return False
        if self.client_id and self.client_id not in _client_ids(parameters):
            return False
        return not (self.exempt_reduce_only and parameters.get("reduceOnly") == "true")

    def hit(self) -> bool:
        """Counts a matching request; True when this one is to suffer."""
        self.seen += 1
        last = self.nth + self.count - 1
        if self.seen < self.nth or (self.count and self.seen > last):
            return False
        self.fired += 1
        return True


def _client_ids(parameters: Mapping[str, str]) -> str:
    """Every client id of a request as one text; a batch carries them inside its JSON."""
    names = ("newClientOrderId", "origClientOrderId", "clientAlgoId", "batchOrders")
    return "\n".join(parameters.get(name, "") for name in names)


class FaultBook:
    """The scripts in force, in the order of their arrival; the first that fires wins."""

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self._ids = itertools.count(1)

    def add(self, settings: Mapping[str, Any]) -> Script:
        """Raises ValueError naming an unknown action, moment or setting."""
        known = {entry.name for entry in fields(Script)} - {"id", "seen", "fired"}
        unknown = set(settings) - known
        if unknown:
            raise ValueError(f"unknown fault settings: {sorted(unknown)}")
        script = Script(**settings)
        if script.action not in ACTIONS:
            raise ValueError(f"unknown action {script.action!r}")
        if script.when not in (BEFORE, AFTER):
            raise ValueError(f"unknown moment {script.when!r}")
        script.id = next(self._ids)
        self.scripts.append(script)
        return script

    def pick(
        self, when: str, endpoint: str, api_key: str, parameters: Mapping[str, str]
    ) -> Script | None:
        """The script that hits this request at this moment, if any; all matching ones count it."""
        chosen = None
        for script in self.scripts:
            if script.when != when or not script.applies(endpoint, api_key, parameters):
                continue
            if script.hit() and chosen is None:
                chosen = script
        return chosen

    def clear(self) -> None:
        self.scripts.clear()
