"""One question for all counts that a request concerns, answered in one step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from redis import Redis

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
    """``subject`` is whose count it is: an id, a network, a digest; never a secret itself."""

    limit: Limit
    subject: str
    mode: Mode = Mode.TAKE

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


# KEYS a hash of tenth to count for each question   ARGV per question: mode, most, window in ms
# Returns per question: allowed (0 or 1), remaining, ms until the next fits. Time is Redis's own.
_JUDGE: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local found, all = {}, true
for i, key in ipairs(KEYS) do
  local q = {mode = ARGV[3 * i - 2], most = tonumber(ARGV[3 * i - 1])}
  q.width = tonumber(ARGV[3 * i])
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
  if q.mode ~= 'add' and q.sum >= q.most then all = false end
  found[i] = q
end
local answer = {}
for i, q in ipairs(found) do
  local allowed = q.mode == 'add' or q.sum < q.most
  if q.mode == 'add' or (q.mode == 'take' and all) then
    local this = math.floor(now / q.tenth)
    redis.call('HINCRBY', KEYS[i], string.format('%d', this), 1)
    redis.call('PEXPIRE', KEYS[i], math.ceil(q.width + 2 * q.tenth))
    q.sum = q.sum + 1
    q.marks[#q.marks + 1] = {this, 1}
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
return answer
"""

_alone = Alone()


def judge(asks: Sequence[Ask]) -> list[Standing]:
    """How each of them stands, in their order. Where one refuses, none that TAKEs is counted."""
    (standings,) = judge_each([asks])
    return standings


def judge_each(questions: Sequence[Sequence[Ask]]) -> list[list[Standing]]:
    """Several questions, each for itself, in one round trip."""
    answers = _from_redis(questions)
    if answers is None:
        answers = [
            _alone.judge([(ask.key, ask.mode, ask.limit.alone, ask.limit.seconds) for ask in asks])
            for asks in questions
        ]
    return [_standings(asks, answer) for asks, answer in zip(questions, answers, strict=True)]


def _standings(asks: Sequence[Ask], answer: Sequence[int]) -> list[Standing]:
    triples = zip(answer[::3], answer[1::3], answer[2::3], strict=True)
    return [
        Standing(ask.limit, bool(allowed), remaining, wait)
        for ask, (allowed, remaining, wait) in zip(asks, triples, strict=True)
    ]


def _from_redis(questions: Sequence[Sequence[Ask]]) -> list[list[int]] | None:
    def judged(client: Redis) -> list[list[int]]:
        script = client.register_script(_JUDGE)
        with client.pipeline(transaction=False) as pipe:
            for asks in questions:
                script(keys=[ask.key for ask in asks], args=_arguments(asks), client=pipe)
            answers: list[list[int]] = pipe.execute()
        return answers

    return ask_if_there(judged)


def _arguments(asks: Sequence[Ask]) -> list[str | int]:
    return [part for ask in asks for part in (ask.mode, ask.limit.most, ask.limit.seconds * 1_000)]
