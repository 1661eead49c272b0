"""Whose rows the API may read: each function starts from one person and never leaves them."""
