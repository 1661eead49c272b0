"""Venues: adapters behind :class:`trading.domain.ports.Gateway`.

Importing this package does not import ccxt (4 s, 118 MiB): processes that trade call
:func:`trading.venues.registry.load_adapters`, nobody else does.
"""
