"""Guessing passwords: five failures in 15 minutes lock for 15 minutes, doubling to a day.

Locked is the address, the pair of account and address, and the account for addresses from which it
never signed in. So guesses spread over many addresses get nowhere, and nobody can lock a person
out where they usually are. An account is named by what was typed: one that does not exist locks
alike. While Redis is away the limits of sign-in addresses and of this process hold (limits.alone).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from django.utils.translation import gettext_lazy as _
from redis import Redis

from accounts.models import User
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import TooManyRequests
from mimic.core.limits import Ask, Limit, judge
from mimic.core.network import neighbourhood
from mimic.core.redis_clients import ask_if_there
from mimic.core.tokens import digest_of
from mimic.ops.metrics import abuse_login_throttle

MOST_FAILURES: Final = 5
WINDOW_SECONDS: Final = 15 * 60
FIRST_LOCK_SECONDS: Final = 15 * 60
LONGEST_LOCK_SECONDS: Final = 24 * 60 * 60
FAMILIAR_SECONDS: Final = 90 * 24 * 60 * 60
PER_ADDRESS = Limit("auth", most=10, seconds=60, alone=3)
PER_PROCESS = Limit("auth-process", most=100_000, seconds=60, alone=30)
REFUSED = "Too many attempts. Wait, then try again."
SUBJECTS: Final = ("address", "account there", "account elsewhere")
LOCKED: Final = declare(
    "accounts.lock_out", _("Locked out"), facts=["what", "minutes"], private=["account"]
)

Result = TypeVar("Result")

# KEYS locks   Returns ms until the last of them opens.
_LOCKED: Final = """
local longest = 0
for _, key in ipairs(KEYS) do
  local till = tonumber(redis.call('HGET', key, 'until') or 0)
  local t = redis.call('TIME')
  longest = math.max(longest, till - (t[1] * 1000 + math.floor(t[2] / 1000)))
end
return longest
"""

# KEYS failures and lock of each subject   ARGV most, window, first lock, longest lock (ms)
# A lock is remembered for the longest time after it opened: the next one lasts twice as long.
# Returns per subject for how many ms it was locked now, 0 for not.
_FAILED: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local most, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local locked = {}
for i = 1, #KEYS, 2 do
  local failures, lock = KEYS[i], KEYS[i + 1]
  locked[#locked + 1] = 0
  redis.call('LPUSH', failures, string.format('%d', now))
  redis.call('LTRIM', failures, 0, most - 1)
  redis.call('PEXPIRE', failures, window)
  local oldest = redis.call('LINDEX', failures, most - 1)
  if oldest and now - oldest <= window then
    local level = tonumber(redis.call('HGET', lock, 'level') or 0)
    local span = math.min(tonumber(ARGV[3]) * 2 ^ level, tonumber(ARGV[4]))
    redis.call('HSET', lock, 'level', level + 1, 'until', string.format('%d', now + span))
    redis.call('PEXPIRE', lock, string.format('%d', span + tonumber(ARGV[4])))
    redis.call('DEL', failures)
    locked[#locked] = span
  end
end
return locked
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody at ``address`` says that they are ``account`` (what was typed)."""

    account: str
    address: str

    @property
    def _who(self) -> str:
        return digest_of(self.account.strip().lower()).hex()[:32]

    @property
    def _where(self) -> str:
        return neighbourhood(self.address)

    @property
    def familiar_key(self) -> str:
        return f"mimic:familiar:{self._who}:{self._where}"

    def subjects(self) -> tuple[str, str, str]:
        """The address, the pair, and the account wherever it is tried."""
        return f"a:{self._where}", f"p:{self._who}:{self._where}", f"w:{self._who}"


def guarded(attempt: Attempt, check: Callable[[], Result | None]) -> Result | None:
    """What ``check`` finds; None is a failure and is counted.

    Raises :class:`TooManyRequests` without calling it when the address or the account is locked,
    or has tried too often in this minute.
    """
    hold_address(attempt.address)
    _refuse_locked(attempt)
    found = check()
    if found is None:
        _failed(attempt)
    else:
        _succeeded(attempt)
    return found


def hold_address(address: str) -> None:
    """Count a try of that address that names no account. Raises :class:`TooManyRequests`."""
    asks = [Ask(PER_ADDRESS, neighbourhood(address)), Ask(PER_PROCESS, "all")]
    for standing in judge(asks):
        if not standing.allowed:
            _refuse(standing.wait_seconds)


def _refuse_locked(attempt: Attempt) -> None:
    """While Redis is away nobody is locked; the limits of this process hold."""

    def left(client: Redis) -> int:
        familiar = bool(client.exists(attempt.familiar_key))
        subjects = attempt.subjects()[: 2 if familiar else 3]
        keys = [_lock(subject) for subject in subjects]
        answer: int = client.register_script(_LOCKED)(keys=keys)
        return answer

    wait = ask_if_there(left) or 0
    if wait > 0:
        _refuse(-(-wait // 1_000))


def _failed(attempt: Attempt) -> None:
    keys = [
        key
        for subject in attempt.subjects()
        for key in (f"mimic:failures:{subject}", _lock(subject))
    ]
    spans = (WINDOW_SECONDS, FIRST_LOCK_SECONDS, LONGEST_LOCK_SECONDS)
    given = [MOST_FAILURES, *(span * 1_000 for span in spans)]
    answer = ask_if_there(lambda client: client.register_script(_FAILED)(keys=keys, args=given))
    told: list[int] = answer or [0, 0, 0]
    locked = {what: ms for what, ms in zip(SUBJECTS, told, strict=True) if ms}
    if locked:
        _tell_audit(attempt, locked)


def _tell_audit(attempt: Attempt, locked: dict[str, int]) -> None:
    """Once a lock, not once a refusal: nobody fills the audit by knocking."""
    account = attempt.account.strip().lower()
    record(
        LOCKED,
        about=User.objects.filter(email=account).first(),
        facts={"what": list(locked), "minutes": max(locked.values()) // 60_000},
        private={"account": account},
    )


def _succeeded(attempt: Attempt) -> None:
    """The address is familiar from now on, and the pair has nothing on its account."""

    def told(client: Redis) -> None:
        client.set(attempt.familiar_key, 1, ex=FAMILIAR_SECONDS)
        client.delete(f"mimic:failures:{attempt.subjects()[1]}")

    ask_if_there(told)


def _refuse(seconds: int) -> None:
    abuse_login_throttle.inc()
    raise TooManyRequests(REFUSED, retry_after=seconds)


def _lock(subject: str) -> str:
    return f"mimic:lock:{subject}"
