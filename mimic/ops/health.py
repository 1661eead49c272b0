"""Is this process alive, and is it ready to serve? Upper layers add their own checks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from mimic.core.errors import FieldProblem, ServiceUnavailable

logger = logging.getLogger(__name__)

Check = Callable[[datetime], None]
_checks: dict[str, Check] = {}


class NotReady(ServiceUnavailable):
    """At least one check fails; ``errors`` names each, without inner details."""

    code, status, title = "not_ready", 503, "Not ready"


class CheckFailed(Exception):
    """Raised by a check; the text is shown, so it names no address and no secret."""


def register_check(name: str, check: Check) -> None:
    """``check(now)`` returns, or raises: :class:`CheckFailed` with a public reason, or anything."""
    _checks[name] = check


def check_readiness(now: datetime) -> list[str]:
    """Names of the checks passed. Raises :class:`NotReady` naming every one that failed."""
    failures: list[FieldProblem] = []
    for name, check in _checks.items():
        try:
            check(now)
        except CheckFailed as fault:
            failures.append(
                FieldProblem(pointer=f"/{name}", code=f"{name}_failed", detail=str(fault))
            )
        except Exception as fault:  # a broken dependency may raise anything, and it is the finding
            logger.warning("health check failed", extra={"check": name, "fault": repr(fault)})
            failures.append(
                FieldProblem(pointer=f"/{name}", code=f"{name}_failed", detail="no answer")
            )
    if failures:
        raise NotReady(", ".join(each["pointer"][1:] for each in failures), errors=failures)
    return list(_checks)
