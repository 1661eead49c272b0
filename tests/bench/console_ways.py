"""The console's pages that grow with the books, each in the ways an operator opens it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.db.models import Max, Min, Model
from django.urls import reverse

from accounts.models import User

LISTS: dict[str, Sequence[dict[str, str]]] = {
    "trading.order": (
        *({"status__exact": status} for status in (
            "filled", "rejected", "expired", "unknown", "needs_person", "planned")),
        {"status__in": "unknown,needs_person"}, {"route": "paper"},
        {"symbol": "C07USDT"}, {"symbol": "NONEUSDT"}, {"reduce_only__exact": "1"},
        {"origin_kind__exact": "signal"}, {"origin_kind__exact": "panic"},
    ),
    "trading.orderattempt": (
        {"outcome__exact": "confirmed"}, {"outcome__exact": "refused"},
        {"outcome__exact": "unknown"}, {"outcome__exact": "not_placed"}, {"venue_code": "-2019"},
    ),
    "trading.orderevent": (
        {"cause": "complete"}, {"cause": "give_up"}, {"became": "rejected"}, {"became": "unknown"},
    ),
    "trading.fill": ({"symbol": "C07USDT"}, {"side": "buy"}, {"symbol": "NONEUSDT"}),
    "trading.copyexecution": (
        {"outcome__exact": "executed"}, {"outcome__exact": "unknown"},
        {"outcome__exact": "pending"}, {"code__exact": "max_open"}, {"code__exact": "kill_switch"},
    ),
    "trading.trade": ({"symbol": "C07USDT"}, {"side": "short"}, {"symbol": "NONEUSDT"}),
    "trading.position": ({"symbol": "C03USDT"},),
    "trading.virtualposition": ({"symbol": "C03USDT"},),
    "trading.signalfanout": ({"done_at__isempty": "1"}, {"closing__exact": "1"}),
    "trading.exchangeaccount": ({"state__exact": "active"}, {"state__exact": "failing"}),
    "trading.copysubscription": ({"status__exact": "active"}, {"status__exact": "paused"}),
    "signals.signal": ({"status__exact": "published"}, {"action__exact": "open"}),
    "signals.inboxmessage": ({"verdict__exact": "refused"}, {"code": "unreadable"}),
    "accounts.user": ({"role__exact": "trader"}, {"role__exact": "owner"}),
}  # fmt: skip
"""Filters of each list that grows: usual ones, and values that hardly any row or none has."""
SEARCHES = {
    "trading.order": ("public_id", "tries__client_id", "account__user__email"),
    "trading.orderattempt": ("client_id", "venue_order_id"),
    "trading.orderevent": ("order_id",),
    "trading.fill": ("trade_id", "order_id", "account_id"),
    "trading.copyexecution": ("public_id", "user__email"),
    "trading.trade": ("public_id", "account__user__email"),
    "trading.position": ("account__user__email",),
    "trading.virtualposition": ("subscription__user__email",),
    "trading.exchangeaccount": ("public_id", "user__email"),
    "trading.copysubscription": ("user__email",),
    "signals.signal": ("public_id", "symbol"),
    "signals.inboxmessage": ("public_id",),
    "accounts.user": ("email", "public_id"),
}
"""What a search looks for; the value is taken from a row in the middle of the list."""
NOBODY = "nobody-of-that-name"


RARE = "NONEUSDT"
"""No index on symbols: it would be written with every order that is sent. Shown, not judged."""


@dataclass(frozen=True, slots=True)
class Way:
    """``name`` is what the table of figures says."""

    name: str
    url: str

    @property
    def judged(self) -> bool:
        return RARE not in self.url


def all_ways() -> list[Way]:
    """Of the database as it is now."""
    fronts = ("index", "front", "badges")
    front = [Way(f"front: {name}", reverse(f"admin:{name}")) for name in fronts]
    return [*front, *_of_people(), *(way for label in LISTS for way in _of_list(label))]


def _of_people() -> Iterator[Way]:
    """A follower with a year of orders, and somebody who has none."""
    for name, person in (
        ("follower", User.objects.filter(copy_subscriptions__isnull=False).first()),
        ("owner", User.objects.filter(role="owner").first()),
    ):
        assert person is not None
        yield Way(f"person: {name}", reverse("admin:accounts_person", args=[person.pk]))


def _of_list(label: str) -> Iterator[Way]:
    model: type[Model] = apps.get_model(label)
    name = f"admin:{label.replace('.', '_')}"
    middle = _in_the_middle(model)
    url = reverse(f"{name}_changelist")
    yield Way(f"{label}: first page", url)
    asked = [
        *(("page", {side: str(middle.pk)}) for side in ("after", "before")),
        *(("filter", dict(query)) for query in LISTS[label]),
        *(("search", {"q": _value(middle, path)}) for path in SEARCHES.get(label, ())),
        *(("search", {"q": NOBODY}) for _ in [0] if label in SEARCHES),
    ]
    for kind, query in asked:
        yield Way(f"{label}: {kind} {_short(query)}", f"{url}?{urlencode(query)}")
    yield Way(f"{label}: detail", reverse(f"{name}_change", args=[middle.pk]))


def _in_the_middle(model: type[Model]) -> Model:
    """A row from half way between the oldest and the newest key."""
    rows: Any = model._default_manager.order_by("pk")
    ends = rows.aggregate(low=Min("pk"), high=Max("pk"))
    found: Model | None = rows.filter(pk__gte=(ends["low"] + ends["high"]) // 2).first()
    assert found is not None
    return found


def _value(row: Any, path: str) -> str:
    for part in path.split("__"):
        row = row.first() if hasattr(row, "first") else row
        row = getattr(row, part)
    return str(row)


def _short(query: dict[str, str]) -> str:
    return " ".join(f"{name}={value[:20]}" for name, value in query.items())
