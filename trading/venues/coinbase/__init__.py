"""Coinbase Advanced: its US perpetual-style futures."""
