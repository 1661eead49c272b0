"""What a suspected program is asked for: the puzzle of the pages, told in the refusal."""

from __future__ import annotations

from typing import Any

from accounts.challenges import work
from accounts.challenges.suspicion import suspected
from mimic.core.errors import MimicError


class ProofNeeded(MimicError):
    """Solve ``puzzle`` and send the request again with ``work``; nothing was looked at yet."""

    code, status, title = "auth.proof_needed", 429, "Solve the puzzle first"

    def __init__(self, puzzle: dict[str, Any]) -> None:
        super().__init__()
        self.puzzle = puzzle

    def members(self) -> dict[str, Any]:
        return {"puzzle": self.puzzle}


def demand_work(*, answer: str, address: str) -> bool:
    """Whether it was done. Whoever is not suspected owes nothing, and may do it. A captcha is for
    people: programs work instead.

    Raises :class:`ProofNeeded`.
    """
    done = bool(answer) and work.solved(answer, address)
    if not done and suspected(address):
        raise ProofNeeded(work.pose(address))
    return done
