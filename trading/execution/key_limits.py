"""How often a person may have keys tried at a venue: each try costs requests of our address."""

from __future__ import annotations

import logging

from django.utils.translation import gettext_noop as _

from mimic.core.errors import TooManyRequests
from mimic.core.redis_clients import AWAY, asking

logger = logging.getLogger(__name__)

CHECKS = 5
WINDOW_SECONDS = 600


class TooManyChecks(TooManyRequests):
    """Expected; say when to come back."""

    code = "connection.too_many_checks"
    title = _("You tested keys too often")


def count_check(user_id: int) -> None:
    """Count one try, before it is asked for. Raises :class:`TooManyChecks` beyond the limit.

    Without Redis nobody is held up: one open check an account is enough of a limit for a while.
    """
    key = f"mimic:key-checks:{user_id}"
    try:
        with asking().pipeline(transaction=True) as pipe:
            pipe.set(key, 0, ex=WINDOW_SECONDS, nx=True)
            pipe.incr(key)
            pipe.ttl(key)
            _made, tries, left = pipe.execute()
    except AWAY as fault:
        logger.warning("key checks not counted", extra={"fault": type(fault).__name__})
        return
    if tries > CHECKS:
        raise TooManyChecks(retry_after=max(left, 1))
