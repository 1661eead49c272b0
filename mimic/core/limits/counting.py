"""One question for all counts that a request concerns, answered in one step."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from redis import Redis
from redis.exceptions import NoScriptError

from mimic.core.limits.alone import Alone
from mimic.core.redis_clients import ask_if_there


class Mode(StrEnum):
    """TAKE counts if every limit of the question allows it; LOOK only looks; ADD counts anyway."""

    TAKE = "take"
    LOOK = "look"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Limit:
    """``most`` times in ``seconds``. ``alone`` is what a process lets through by itself while
    Redis is away: little where guessing must not get easier, as much as ever elsewhere.
    """

    name: str
    most: int
    seconds: int
    alone: int


@dataclass(frozen=True, slots=True)
class Ask:
    """``subject`` is whose count it is: an id, a network, a digest; never a secret itself.

    ``times``: how many of it at once; a TAKE of several is all or none.
    """

    limit: Limit
    subject: str
    mode: Mode = Mode.TAKE
    times: int = 1

    @property
    def key(self) -> str:
        return f"mimic:limit:{self.limit.name}:{self.subject}"


@dataclass(frozen=True, slots=True)
class Standing:
    """``remaining`` after this one. ``wait_ms``: until the next one fits, 0 if it does already."""

    limit: Limit
    allowed: bool
    remaining: int
    wait_ms: int

    @property
    def wait_seconds(self) -> int:
        """Whole seconds, rounded up, at least one."""
        return max(1, math.ceil(self.wait_ms / 1_000))


# KEYS a hash of tenth to count for each ask
# ARGV per ask: mode, most, window in ms, times, its question
# Returns per ask: allowed (0 or 1), remaining, ms until the next fits. Time is Redis's own.
# Questions are answered one after the other: a later one sees what an earlier one counted.
_JUDGE: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function look(i)
  local key = KEYS[i]
  local q = {mode = ARGV[5 * i - 4], most = tonumber(ARGV[5 * i - 3])}
  q.width, q.times = tonumber(ARGV[5 * i - 2]), tonumber(ARGV[5 * i - 1])
  q.tenth, q.sum, q.marks = q.width / 10, 0, {}
  local raw = redis.call('HGETALL', key)
  for j = 1, #raw, 2 do
    local at, count = tonumber(raw[j]), tonumber(raw[j + 1])
    if (at + 1) * q.tenth + q.width > now then
      q.sum = q.sum + count
      q.marks[#q.marks + 1] = {at, count}
    else
      redis.call('HDEL', key, raw[j])
    end
  end
  return q
end
local answer = {}
local function tell(i, q, all)
  local allowed = q.mode == 'add' or q.sum + q.times <= q.most
  if q.mode == 'add' or (q.mode == 'take' and all) then
    local this = math.floor(now / q.tenth)
    redis.call('HINCRBY', KEYS[i], string.format('%d', this), q.times)
    redis.call('PEXPIRE', KEYS[i], math.ceil(q.width + 2 * q.tenth))
    q.sum = q.sum + q.times
    q.marks[#q.marks + 1] = {this, q.times}
  end
  local excess, wait = q.sum + 1 - q.most, 0
  table.sort(q.marks, function(a, b) return a[1] < b[1] end)
  for _, mark in ipairs(q.marks) do
    if excess > 0 then
      excess = excess - mark[2]
      wait = (mark[1] + 1) * q.tenth + q.width - now
    end
  end
  answer[#answer + 1] = allowed and 1 or 0
  answer[#answer + 1] = math.max(0, q.most - q.sum)
  answer[#answer + 1] = math.ceil(wait)
end
local first = 1
while first <= #KEYS do
  local found, all, last = {}, true, first
  while last <= #KEYS and ARGV[5 * last] == ARGV[5 * first] do
    local q = look(last)
    if q.mode ~= 'add' and q.sum + q.times > q.most then all = false end
    found[#found + 1] = q
    last = last + 1
  end
  for place, q in ipairs(found) do tell(first + place - 1, q, all) end
  first = last
end
return answer
"""

_SHA: Final = hashlib.sha1(_JUDGE.encode(), usedforsecurity=False).hexdigest()
_alone = Alone()


def judge(asks: Sequence[Ask]) -> list[Standing]:
    """How each of them stands, in their order. Where one refuses, none that TAKEs is counted."""
    (standings,) = judge_each([asks])
    return standings


def judge_each(questions: Sequence[Sequence[Ask]]) -> list[list[Standing]]:
    """Several questions, each for itself, in one round trip."""
    told = _from_redis(questions)
    if told is None:
        return [_standings(asks, _by_ourselves(asks)) for asks in questions]
    answers = iter(told)
    return [_standings(asks, list(islice(answers, 3 * len(asks)))) for asks in questions]


def forget_own_counts() -> None:
    """What this process has counted by itself."""
    _alone.forget()


def _by_ourselves(asks: Sequence[Ask]) -> list[int]:
    return _alone.judge(
        [(ask.key, ask.mode, ask.limit.alone, ask.limit.seconds, ask.times) for ask in asks]
    )


def _standings(asks: Sequence[Ask], answer: Sequence[int]) -> list[Standing]:
    triples = zip(answer[::3], answer[1::3], answer[2::3], strict=True)
    return [
        Standing(ask.limit, bool(allowed), remaining, wait)
        for ask, (allowed, remaining, wait) in zip(asks, triples, strict=True)
    ]


def _from_redis(questions: Sequence[Sequence[Ask]]) -> list[int] | None:
    keys = [ask.key for asks in questions for ask in asks]
    given: list[str | int] = []
    for number, asks in enumerate(questions):
        for ask in asks:
            limit = ask.limit
            given += (ask.mode.value, limit.most, limit.seconds * 1_000, ask.times, number)

    def judged(client: Redis) -> list[int]:
        try:
            answer: Any = client.evalsha(_SHA, len(keys), *keys, *given)
        except NoScriptError:
            answer = client.eval(_JUDGE, len(keys), *keys, *given)
        told: list[int] = answer
        return told

    return ask_if_there(judged)
