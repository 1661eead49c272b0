"""Bybit v5 linear perpetuals: error table, dialect and the short way of an order."""
