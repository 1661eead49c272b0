"""Signing in with Telegram: checking what it signed, linking, and the Mini App."""
