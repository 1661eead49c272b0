"""Python's garbage collector set for a process with thousands of sockets."""

from __future__ import annotations

import gc

# 5,000 sockets are 700,000 objects. With Python's own thresholds all of them were walked again
# and again while they came: pauses of 0.3 to 1 s, in which nobody hears anything. These walk
# everything when 250,000 objects have outlived two walks and are a quarter of what there is: a
# few times while a crowd comes, then once in some 12,000 sockets that close, each of which leaves
# 5 KiB that only a walk finds (the HTTP parser that it came by, which uvicorn ties to itself).
_THRESHOLDS = (10_000, 5, 5)


def settle() -> None:
    """Once everything is imported: what is there now stays, and is never walked again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
