"""What venues' answers said since it was last told to the others: health, and use of windows."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from trading.execution.governor.windows import Counter, Rules, Span, ip_field
from trading.venues.limits import MAINTENANCE, UNWELL, Scope

NOTABLE = 0.01  # part of a window by which a venue's word must grow to be told again


@dataclass(slots=True)
class Tally:
    """``failures``: how many in a row since the last answer that showed a working venue."""

    answered: bool = False
    failures: int = 0
    maintenance: bool = False

    def add(self, code: str) -> None:
        if code in UNWELL:
            self.failures += 1
            self.maintenance = self.maintenance or code in MAINTENANCE
        else:
            self.answered, self.failures, self.maintenance = True, 0, False


@dataclass(slots=True)
class News:
    """One route's. ``uses``: (scope, counter) to (field, window) to what is used of it."""

    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    uses: dict[tuple[Scope, Counter], dict[tuple[str, Span], int]] = field(
        default_factory=lambda: defaultdict(dict)
    )


class Hearsay:
    """Collected by the loop's thread and told by others; taking empties it."""

    def __init__(self) -> None:
        self._news: dict[str, News] = defaultdict(News)
        self._told: dict[tuple[str, str, int], int] = {}
        self._lock = threading.Lock()

    def health(self, route: str, egress: str, code: str, *, troubled: bool) -> bool:
        """Whether the others should know: failures, and what ends ``troubled`` times."""
        ill = code in UNWELL
        if not (ill or troubled or route in self._news):
            return False
        with self._lock:
            self._news[route].tallies[egress].add(code)
        return ill or troubled

    def use(
        self, route: str, egress: str, account_id: int, rules: Rules, headers: Mapping[str, str]
    ) -> bool:
        """Whether the venue says notably more than it said before of any window."""
        news = False
        for counter in rules.by_ip:
            who = ip_field(counter, egress)
            for span in counter.spans:
                news |= self._used(route, "ip", counter, who, span, _read(span, headers), 0)
        for counter in rules.by_account:
            for span in counter.spans:
                used, near = _read(span, headers), span.limit // 2
                if used > near:  # most accounts are far from it, and are nobody's news
                    who = str(account_id)
                    news |= self._used(route, "account", counter, who, span, used, near)
        return news

    def take(self, route: str) -> News:
        with self._lock:
            return self._news.pop(route, None) or News()

    def _used(
        self,
        route: str,
        scope: Scope,
        counter: Counter,
        who: str,
        span: Span,
        used: int,
        least: int,
    ) -> bool:
        key = (route, who, span.width_ms)
        before = self._told.get(key, least)
        if used < before + max(1, int(span.limit * NOTABLE)):
            self._told[key] = min(before, max(used, least))  # its window began anew
            return False
        self._told[key] = used
        with self._lock:
            self._news[route].uses[scope, counter][who, span] = used
        return True


def _read(span: Span, headers: Mapping[str, str]) -> int:
    """What the venue says is used of a window; 0 when it does not say."""
    used_header, left_header = span.window.used_header, span.window.left_header
    used = headers.get(used_header, "") if used_header else ""
    if used.isdecimal():
        return int(used)
    left = headers.get(left_header, "") if left_header else ""
    left = left.rpartition("sec=")[2]  # Upbit's: "group=order; min=1800; sec=11"
    return max(0, span.limit - int(left)) if left.isdecimal() else 0
