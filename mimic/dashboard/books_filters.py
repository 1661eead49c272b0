"""Filters of positions, orders and trades. They narrow the rows and the totals above them alike.

A value that makes no sense filters nothing and says so beside its field.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import F, Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.core.ids import first_id_at
from mimic.dashboard.books_scope import Scope
from signals.ingest.tradingview.alert import canonical_symbol
from trading.domain.orders import TERMINAL
from trading.models import ExchangeAccount
from trading.models.books import LATE_SECONDS
from trading.models.orders import STATUS_LABELS

Choices = Iterable[tuple[str, str | Promise]]
_ALL = _("All")
_TEXT = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
_CLOCKS_DIFFER = timedelta(seconds=LATE_SECONDS)
"""More than a venue's clock may be ahead of the one that makes our ids."""
RESULTS = (("won", _("Won")), ("lost", _("Lost")))
_BY_RESULT = {"won": Q(profit__gt=F("fees")), "lost": Q(profit__lt=F("fees"))}


def _choice(label: Any, choices: Choices = ()) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[("", _ALL), *choices])


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        validators=[MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2199, 12, 31))],
    )


class BookFilter(forms.Form):
    """``?account=`` and ``?strategy=`` are public ids, ``?kind=`` real money, practice or play."""

    account = _choice(_("Account"))
    kind = _choice(_("Money"))
    strategy = _choice(_("Strategy"))

    def __init__(self, data: QueryDict, scope: Scope) -> None:
        super().__init__(data, auto_id="by_%s")
        self.scope = scope
        for name, choices in self.offered().items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _ALL), *choices]
        self.is_valid()

    def offered(self) -> dict[str, Choices]:
        """What this person can choose from."""
        accounts = self.scope.accounts.values()
        kinds = {row.kind for row in accounts}
        strategies = {it.strategy.public_id: it.strategy for it in self.scope.copies.values()}
        return {
            "account": [(str(row.public_id), row.label) for row in accounts],
            "kind": [it for it in ExchangeAccount.Kind.choices if it[0] in kinds],
            "strategy": [(str(key), it.name) for key, it in strategies.items()],
        }

    def value(self, name: str) -> Any:
        """What was asked for, if it makes sense; else empty."""
        return self.cleaned_data.get(name) or ""

    @property
    def narrowed(self) -> bool:
        return any(self.cleaned_data.values())

    @property
    def query(self) -> str:
        """The filters in force, for links that keep them."""
        return urlencode({name: self.value(name) for name in self.fields if self.value(name)})

    @property
    def accounts(self) -> list[int]:
        """Keys of the person's accounts that the filters leave; a copy is on one account."""
        left = [row.pk for row in self.scope.accounts.values() if self._lets_through(row)]
        chosen = self.subscriptions
        if chosen is None:
            return left
        copied = {self.scope.copies[key].account_id for key in chosen}
        return [key for key in left if key in copied]

    @property
    def subscriptions(self) -> list[int] | None:
        """Keys of the copies of the chosen strategy; None when none was chosen."""
        chosen = self.value("strategy")
        if not chosen:
            return None
        copies = self.scope.copies.values()
        return [row.pk for row in copies if str(row.strategy.public_id) == chosen]

    def _lets_through(self, row: ExchangeAccount) -> bool:
        account, kind = self.value("account"), self.value("kind")
        return account in ("", str(row.public_id)) and kind in ("", row.kind)


class PositionFilter(BookFilter):
    venue = _choice(_("Exchange"))

    def offered(self) -> dict[str, Choices]:
        venues = {row.venue_id: row.venue.name for row in self.scope.accounts.values()}
        return super().offered() | {"venue": venues.items()}

    def _lets_through(self, row: ExchangeAccount) -> bool:
        return super()._lets_through(row) and self.value("venue") in ("", row.venue_id)


class HistoryFilter(BookFilter):
    """Days are the person's own, both included. ``moment`` is the field that they bound; a row is
    written at most ``earlier`` before it, and at most ``_CLOCKS_DIFFER`` after it unless it is one
    of ``written_later``.
    """

    symbol = forms.CharField(
        label=_("Symbol"),
        required=False,
        max_length=32,
        widget=forms.TextInput({**_TEXT, "placeholder": "BTCUSDT"}),
    )
    since = _day(_("From"))
    until = _day(_("To"))
    moment = "created_at"
    earlier: ClassVar[timedelta] = _CLOCKS_DIFFER
    written_later: ClassVar[tuple[Q, ...]] = ()

    def clean_symbol(self) -> str:
        text = self.cleaned_data["symbol"]
        symbol = canonical_symbol(text) if text else ""
        if symbol is None:
            raise forms.ValidationError(gettext("Not like BTCUSDT."))
        return symbol

    def clean(self) -> dict[str, Any]:
        since, until = self.value("since"), self.value("until")
        if since and until and since > until:
            self.add_error("until", gettext("Before the first day."))
        return self.cleaned_data

    def condition(self) -> Q:
        """On rows with a symbol, a subscription and a time-ordered id."""
        found = Q()
        if symbol := self.value("symbol"):
            found &= Q(symbol=symbol)
        if self.subscriptions is not None:
            found &= Q(subscription_id__in=self.subscriptions)
        if since := self.value("since"):
            begin = _midnight(since)
            # What happened since then was written since then: the id finds it in the index.
            oldest = first_id_at(begin - self.earlier)
            found &= Q(**{f"{self.moment}__gte": begin}, pk__gte=oldest)
        if until := self.value("until"):
            found &= Q(**{f"{self.moment}__lt": self._end(until)})
        return found

    def conditions(self) -> list[Q]:
        """The same rows in parts that share none, each found where its index begins."""
        until = self.value("until")
        if not until:
            return [self.condition()]
        bound = first_id_at(self._end(until) + _CLOCKS_DIFFER)
        later = [Q(pk__gte=bound) & part for part in self.written_later]
        return [self.condition() & part for part in (Q(pk__lt=bound), *later)]

    @staticmethod
    def _end(until: date) -> datetime:
        return _midnight(until + timedelta(days=1))


class OrderFilter(HistoryFilter):
    status = _choice(
        _("Status"), [(status.value, label) for status, label in STATUS_LABELS.items()]
    )

    def condition(self) -> Q:
        status = self.value("status")
        if not status:
            return super().condition()
        # As good as said by the status; the small index of orders at work wants to hear it.
        alive = Q() if status in TERMINAL else Q(closed_at=None)
        return super().condition() & Q(status=status) & alive


class TradeFilter(HistoryFilter):
    result = _choice(_("Result"), RESULTS)
    moment = "closed_at"
    earlier = timedelta(days=7)  # written with the first fill of a close, over with the last
    written_later = (Q(booked_late=True),)

    def condition(self) -> Q:
        return super().condition() & _BY_RESULT.get(self.value("result"), Q())


def _midnight(day: Any) -> datetime:
    """When that day of the person's began."""
    return timezone.make_aware(datetime.combine(day, time.min))
