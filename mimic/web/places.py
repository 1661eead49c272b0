"""The trader's places: one table for sidebar, phone tabs, palette and shortcuts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Place:
    """``key`` is also the ``section`` of its pages, ``letter`` what follows ``g`` on the keyboard.

    ``route`` is a URL's name: a place whose page does not exist is shown nowhere.
    """

    key: str
    label: Promise
    icon: str
    route: str
    letter: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A place with its address; ``tab``: it is one of the five a thumb finds."""

    place: Place
    url: str
    tab: bool


PLACES: Final = (
    Place("home", _("Home"), "layout-dashboard", "home", "h"),
    Place("signals", _("Signals"), "radio", "signals", "s"),
    Place("leaders", _("Leaders"), "users", "leaders", "l"),
    Place("copies", _("Copies"), "copy", "copies", "c"),
    Place("receipts", _("Receipts"), "receipt-text", "receipts", "r"),
    Place("exchange-accounts", _("Accounts"), "key-round", "exchange-accounts", "a"),
    Place("portfolio", _("Portfolio"), "wallet", "positions", "p"),
    Place("settings", _("Settings"), "settings", "settings", "e"),
)
# Each tab of the phone, and what stands there until its page exists.
TABS: Final = (
    ("home",),
    ("signals",),
    ("leaders", "copies"),
    ("portfolio", "receipts"),
    ("settings",),
)


def shown_places() -> list[Shown]:
    """Every place with a page, in the order of the sidebar."""
    urls = {place.key: url for place in PLACES if (url := _address(place.route))}
    tabs = {next((key for key in wanted if key in urls), None) for wanted in TABS}
    return [
        Shown(place, urls[place.key], place.key in tabs) for place in PLACES if place.key in urls
    ]


def _address(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""
