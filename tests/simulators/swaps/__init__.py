"""What the simulators of swap venues share: accounts, orders, matching, control, the server.

The wire is each venue's own. Sizes are the venue's (``Instrument.contract`` base units each);
the ledger is told base units, so that one oracle serves every venue.
"""
