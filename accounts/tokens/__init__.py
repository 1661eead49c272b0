"""Tokens for programs: RS256 access tokens of 15 minutes, refresh tokens that work once."""
