"""Python's garbage collector set for a process with thousands of sockets."""

from __future__ import annotations

import gc

# 5,000 sockets are 700,000 objects. With Python's own thresholds all of them were walked again
# and again while they came: pauses of 0.3 to 1 s, in which nobody hears anything. These walk
# everything once in some 35,000 new sockets; the young are walked often, and cost little.
_THRESHOLDS = (20_000, 5, 50)


def settle() -> None:
    """Once everything is imported: what is there now stays, and is never walked again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
