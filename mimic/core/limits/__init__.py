"""How often somebody may do something: counts that slide, in Redis, for all processes together.

Counts are kept in tenths of a window (ADR 6), so in any stretch as long as the window there are at
most ``most``. Who is refused is not counted: a caller that keeps knocking gets in when it is time.
Without Redis each process counts by itself; see :class:`Limit`.
"""

from mimic.core.limits.ahead import Ahead
from mimic.core.limits.counting import (
    Ask,
    Limit,
    Mode,
    Standing,
    forget_own_counts,
    judge,
    judge_each,
)

__all__ = ["Ahead", "Ask", "Limit", "Mode", "Standing", "forget_own_counts", "judge", "judge_each"]
