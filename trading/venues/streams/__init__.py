"""User streams: one connection an account, by which a venue tells what happens to it.

A venue's own part is an object in its folder (:class:`.protocol.UserStreams`), offered by its
dialect as :class:`trading.venues.dialect.StreamingDialect`; connecting again, keeping alive and
noticing silence are the same for all (:mod:`.listener`).
"""
