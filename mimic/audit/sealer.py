"""The sealer: one at a time, apart from writers, who therefore never wait for each other.

Entries are sealed in the order of their ids up to a horizon behind which none can appear any more:
an id is made from the database's clock by the statement that inserts it, so it is no older than
that statement, nor than the transaction if it has written before. The horizon is read first and the
entries by a later statement, so whoever was not running then has committed for the eyes of this
one.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from mimic.audit.chain import GENESIS, digest_of, leaf_of, packed
from mimic.audit.models import Entry, Seal
from mimic.core.ids import first_id_at

logger = logging.getLogger(__name__)
MOST_ENTRIES = 5_000
LOCK: Final = "mimic audit sealer"
MARGIN = timedelta(seconds=2)  # between a backend's clock and its line in pg_stat_activity
_HORIZON = """
SELECT least(clock_timestamp() - make_interval(secs => %s), min(
         CASE WHEN backend_xid IS NOT NULL THEN xact_start
              WHEN state = 'active' THEN query_start END))
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
   AND backend_type = 'client backend'
"""


@transaction.atomic(durable=True)
def seal_entries(now: datetime, *, margin: timedelta = MARGIN) -> int:
    """Command and sweeper: chain what is settled and not sealed; how many entries that were.

    Nothing while another process seals.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_HORIZON, [margin.total_seconds()])
        horizon: datetime = cursor.fetchone()[0]
    last = Seal.objects.order_by("-number").first()
    waiting = Entry.objects.filter(pk__gt=last.up_to if last else 0, pk__lt=first_id_at(horizon))
    entries = list(waiting.order_by("pk")[:MOST_ENTRIES])
    if entries:
        _write(last, entries, now)
    return len(entries)


def _write(last: Seal | None, entries: list[Entry], now: datetime) -> None:
    seal = Seal(
        number=last.number + 1 if last else 1,
        up_to=entries[-1].pk,
        leaves=packed(map(leaf_of, entries)),
        previous=bytes(last.digest) if last else GENESIS,
        sealed_at=now,
    )
    seal.digest = digest_of(seal)
    seal.save(force_insert=True)
    # Logs leave this machine: whoever rewrites the whole chain later contradicts this line.
    logger.info(
        "audit sealed",
        extra={"seal": seal.number, "digest": seal.digest.hex(), "entries": len(entries)},
    )
