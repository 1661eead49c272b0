"""Business metrics that more than one app counts; names are pinned by the specification.

Labels are short closed lists: never a person, an id or free text. Gauges say how several
processes combine (``multiprocess_mode``).
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)

signals_ingested = Counter(
    "mimic_signals_ingested", "Signals made from inbound messages", ["instrument", "side"]
)
signals_posted = Counter(
    "mimic_signals_posted", "Messages at the doors, by answer", ["result", "code"]
)
fanout_seconds = Histogram(
    "mimic_fanout_seconds", "From the signal to the last follower's settled order",
    buckets=(*_FAST, 30, 60),
)  # fmt: skip
orders = Counter("mimic_orders", "Order attempts by outcome", ["venue", "outcome"])
order_unknown = Counter("mimic_order_unknown", "Sends whose outcome had to be asked", ["venue"])
cancels = Counter(
    "mimic_cancels", "Requests to cancel an order by how they ended", ["venue", "outcome"]
)
order_send_seconds = Histogram(
    "mimic_order_send_seconds", "From send to the venue's answer", ["venue"], buckets=_FAST
)
venue_granted = Counter(
    "mimic_venue_granted", "Requests that budgets let through", ["venue", "purpose"]
)
venue_withheld = Counter(
    "mimic_venue_withheld", "Requests that had to wait, by what kept them", ["venue", "reason"]
)
venue_holds = Counter("mimic_venue_holds", "Pauses that venues or operators asked for", ["venue"])
venue_breakers_opened = Counter(
    "mimic_venue_breakers_opened", "Times a venue's breaker opened", ["venue"]
)
venue_breaker = Gauge(
    "mimic_venue_breaker", "0 closed, 1 half open, 2 open", ["venue"],
    multiprocess_mode="mostrecent",
)  # fmt: skip
venue_window_used = Gauge(
    "mimic_venue_window_used", "Part of a rate window that is used", ["venue", "egress", "window"],
    multiprocess_mode="mostrecent",
)  # fmt: skip
venue_in_flight = Gauge(
    "mimic_venue_in_flight", "Orders out at a venue", ["venue"], multiprocess_mode="livesum"
)
copy_trades = Counter("mimic_copy_trades", "Receipts by final status", ["status"])
approvals = Counter("mimic_approvals", "Followers' answers to signals that waited", ["decision"])
approval_latency_seconds = Histogram(
    "mimic_approval_latency_seconds", "From the signal to the follower's answer",
    buckets=(1, 2, 5, 10, 20, 30, 45, 60, 120, 300, 3600),
)  # fmt: skip
queue_depth = Gauge(
    "mimic_queue_depth", "Jobs waiting in the broker", ["queue"], multiprocess_mode="mostrecent"
)
queue_age_seconds = Gauge(
    "mimic_queue_age_seconds", "Age of the oldest row nobody has taken", ["queue"],
    multiprocess_mode="mostrecent",
)  # fmt: skip
dashboard_ws_clients = Gauge(
    "mimic_dashboard_ws_clients", "Open sockets", multiprocess_mode="livesum"
)
ws_messages = Counter("mimic_ws_messages", "Frames queued for sockets", ["channel"])
hub_lost = Counter("mimic_hub_lost", "Live messages that Redis did not take")
ws_slow_clients = Counter("mimic_ws_slow_clients", "Sockets closed because they did not read")
auth_login = Counter("mimic_auth_login", "Sign-ins of programs by result", ["result"])
abuse_login_throttle = Counter(
    "mimic_abuse_login_throttle", "Sign-in attempts that were not looked at"
)
password_hashes_most = Gauge(
    "mimic_password_hashes_most", "Most passwords that were hashed at one moment"
)
ratelimit_block = Counter("mimic_ratelimit_block", "Requests over a limit", ["limit"])
