"""User streams of accounts: who listens to which, and what becomes of what is heard.

One row an account (:class:`trading.models.AccountStream`) is leased by one stream process
(:mod:`.leases`), which listens (:mod:`.engine`), applies (:mod:`.hearing`) and, after anything that
may have been missed, asks (:mod:`.backfill`). Only then is the stream live: decisions take the
account as known, and its orders are asked about less often.
"""
