"""Trading in the console: one module a subject, imported here so that Django finds them."""

from trading.admin import accounts, books, copying, kill, orders, venues  # noqa: F401
