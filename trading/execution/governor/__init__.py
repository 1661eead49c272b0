"""Rate budgets, holds and circuit breakers, shared by every process that sends.

What is counted
    Windows per venue are data (:mod:`trading.venues.limits`), per address ("egress": this
    machine's own, or a proxy) and per account. Opens may fill a window to all but the reserve
    (``BUDGET_RESERVE_PCT``), closes fill it whole. Counts slide in tenths of a window
    (:mod:`.windows` says why not fixed windows nor GCRA) by Redis's clock (:mod:`.scripts`).

Accounts are always counted in Redis, a whole chunk in one call. Deciding the usual case (an account
    with one order in a fan-out) inside the process was considered: it needs every account's limit
    divided by the workers there may be, which leaves a person three orders a second where Bybit
    gives ten. Counting costs 2 to 3 µs an order, because an account that was not seen lately is
    one field of one hash, and reading and writing 1,000 of them are three commands of a script.

The way of an order
    ``grant`` before claiming (take no more than ``granted``; ask again after ``wait``), then
    ``grant_accounts`` for those claimed (whoever must wait goes back to be planned), ``clearance``
    right before the POST, ``observe`` with the answer. What was granted and not claimed is given
    back with ``give_back``.

Holds
    429, ``Retry-After``, 418 and a firewall's 403 stop every process: the one that got the answer
    at once, the others within ``VIEW_SECONDS``, because ``clearance`` answers from no older view.
    Closes wait as well, unless the venue exempts them (Binance's -1008).

Breakers
    Per address and per venue, in Redis: five answers in a row (ten for the venue) that show an ill
    venue open it, so does the venue's own word of maintenance. After the cool-down one order is
    let through as a probe; a close may probe every two seconds. Opens stay planned meanwhile until
    they are too old, closes wait.

Redis away
    Opens get nothing; whoever asked ends them after five seconds (``budget_unavailable``). Closes
    go on within a tenth of each limit a process (:mod:`.standby`). When Redis comes back without
    its counts, opens wait for the length of those windows that no header of the venue corrects:
    nobody knows what was spent in them.
"""

from trading.execution.governor.budgets import Grant, Reason
from trading.execution.governor.governor import Governor
from trading.execution.governor.shares import LOOKS, POLLS
from trading.execution.governor.store import BudgetsAway
from trading.execution.governor.windows import Cost

__all__ = [
    "LOOKS",
    "POLLS",
    "BudgetsAway",
    "Cost",
    "Governor",
    "Grant",
    "Reason",
]
