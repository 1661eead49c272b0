"""Upbit: spot pairs, bought with won."""
