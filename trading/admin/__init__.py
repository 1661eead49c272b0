"""Trading in the console: one module a subject, imported here so that Django finds them."""

from trading.admin import (  # noqa: F401
    accounts,
    books,
    calendars,
    checks,
    copies,
    copying,
    divergences,
    doubts,
    egress,
    instruments,
    key_guards,
    kill,
    limits,
    masters,
    orders,
    strategies,
    streams,
    venue_health,
    venue_settings,
    venues,
)
