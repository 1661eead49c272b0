"""Request weight per IP, order counts per account, and the ladder from 429 to a 418 ban.

Documented limits (wire-facts §1.3): 2,400 weight a minute, 1,200 orders a minute, usually also 300
orders in 10 seconds. Windows are fixed, on the venue's clock. How many requests above the limit
lead to a ban is not published: ``tolerance`` makes it a choice.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulators.binance.errors import Refusal, refusal

MINUTE = 60_000
TEN_SECONDS = 10_000
FIRST_BAN = 120_000
LONGEST_BAN = 3 * 24 * 3_600_000


@dataclass(slots=True)
class Quotas:
    """Limits in force; ``tolerance`` is the number of 429 answers an IP may collect in a row."""

    weight_1m: int = 2400
    orders_10s: int = 300
    orders_1m: int = 1200
    tolerance: int = 20


@dataclass(slots=True)
class OrderCount:
    """One account's order counters, each with the window it belongs to."""

    window_10s: int = 0
    count_10s: int = 0
    window_1m: int = 0
    count_1m: int = 0


@dataclass(slots=True)
class _Address:
    window: int = 0
    used: int = 0
    strikes: int = 0
    bans: int = 0
    banned_until: int = 0


@dataclass(slots=True)
class Limits:
    quotas: Quotas = field(default_factory=Quotas)
    addresses: dict[str, _Address] = field(default_factory=dict)
    scripted_ban_until: int = 0

    def charge(self, ip: str, weight: int, now: int) -> int:
        """Weight used by ``ip`` in this minute, this request included.

        Raises Refusal 429 above the limit and 418 while banned, both with ``Retry-After``.
        """
        address = self.addresses.get(ip)
        if address is None:
            address = self.addresses[ip] = _Address()
        until = max(address.banned_until, self.scripted_ban_until)
        if until > now:
            raise _banned(ip, until, now)
        window = now // MINUTE
        if address.window != window:
            address.window, address.used, address.strikes = window, 0, 0
        address.used += weight
        if address.used > self.quotas.weight_1m:
            raise self._over_limit(address, ip, now)
        return address.used

    def count_orders(self, counter: OrderCount, ten: int, minute: int, now: int) -> None:
        """Adds to an account's counters. Raises -1015 (HTTP 429) when one is exceeded."""
        window_10s, window_1m = now // TEN_SECONDS, now // MINUTE
        if counter.window_10s != window_10s:
            counter.window_10s, counter.count_10s = window_10s, 0
        if counter.window_1m != window_1m:
            counter.window_1m, counter.count_1m = window_1m, 0
        if counter.count_10s + ten > self.quotas.orders_10s:
            raise _too_many_orders(self.quotas.orders_10s, "10 SECONDS", TEN_SECONDS, now)
        if counter.count_1m + minute > self.quotas.orders_1m:
            raise _too_many_orders(self.quotas.orders_1m, "1 MINUTE", MINUTE, now)
        counter.count_10s += ten
        counter.count_1m += minute

    def used(self, ip: str) -> int:
        address = self.addresses.get(ip)
        return address.used if address else 0

    def _over_limit(self, address: _Address, ip: str, now: int) -> Refusal:
        address.strikes += 1
        if address.strikes > self.quotas.tolerance:
            length = min(FIRST_BAN * 2**address.bans, LONGEST_BAN)
            address.bans += 1
            address.strikes = 0
            address.banned_until = now + length
            return _banned(ip, address.banned_until, now)
        refused = refusal(-1003, ip, self.quotas.weight_1m)
        refused.headers["Retry-After"] = _seconds_left(MINUTE, now)
        return refused


def _seconds_left(window: int, now: int) -> str:
    return str((window - now % window) // 1000 + 1)


def _too_many_orders(limit: int, period: str, window: int, now: int) -> Refusal:
    refused = refusal(-1015, limit, period)
    refused.headers["Retry-After"] = _seconds_left(window, now)
    return refused


def _banned(ip: str, until: int, now: int) -> Refusal:
    text = f"Way too many requests; IP({ip}) banned until {until}."
    return Refusal(-1003, text, 418, {"Retry-After": str((until - now) // 1000 + 1)})
