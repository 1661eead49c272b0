"""Passwords in tests cost 0.0002 s; the site's 0.17 s are asserted where sign-in is tested."""

from __future__ import annotations

from accounts.hashing import BoundedArgon2


class CheapArgon2(BoundedArgon2):
    """The same algorithm under the same name: either verifies what the other wrote."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
