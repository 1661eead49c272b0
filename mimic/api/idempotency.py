"""``Idempotency-Key``: a request that is sent again is answered again and done once.

After the IETF draft draft-ietf-httpapi-idempotency-key-header. The key is claimed by inserting a
row, so of two requests at once one does the work. A refusal did nothing and gives the key back. A
request that ended in a fault of ours, or in no end at all, may have done its work: its key stays
taken, and is never an invitation to do it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from django.db import IntegrityError
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from mimic.api.contract import reads_header, refuses
from mimic.api.exceptions import as_error
from mimic.api.models import SavedAnswer
from mimic.api.schema import header
from mimic.core.errors import BadRequest, Conflict, MimicError
from mimic.core.tokens import digest_of

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_FOR = timedelta(hours=24)
LONGEST_REQUEST = timedelta(minutes=2)
_PATTERN = r"^[A-Za-z0-9._:-]{8,128}$"

Handler = TypeVar("Handler", bound=Callable[..., Response])


class KeyMissing(BadRequest):
    """Send a new UUID with every new request, and the same one when you repeat it."""

    code, status, title = "idempotency.key", 400, "This request needs an Idempotency-Key"


class KeyMismatch(Conflict):
    """The key belongs to another request. Make a new key for each new request."""

    code, status, title = "idempotency.mismatch", 409, "This key belongs to another request"


class StillInProgress(Conflict):
    """The first request with this key has not ended yet. Repeat in a moment, with the same key."""

    code, status, title = "idempotency.in_progress", 409, "The first request is still at work"


class NeverEnded(Conflict):
    """The first request failed on our side, and may have been done. Look before you send a new
    one under a new key.
    """

    code, status, title = "idempotency.unresolved", 409, "How the first request ended is unknown"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what under which key."""

    person_id: int
    key: str
    digest: bytes


def idempotent(handler: Handler) -> Handler:
    """For handlers that create money or exposure: the key is demanded, the answer kept 24 h."""

    @wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        row, made = claim(_asked(request), now=timezone.now())
        if not made:
            return Response(json.loads(row.body), status=row.status, headers={REPLAYED: "true"})
        try:
            response = handler(view, request, *args, **kwargs)
        except Exception as fault:
            if (as_error(fault) or MimicError()).status < MimicError.status:
                row.delete()
            raise
        row.status = response.status_code
        row.body = JSONRenderer().render(response.data).decode() or "null"
        row.save(update_fields=["status", "body"])
        return response

    text = "A new UUID for each new request; the same one when you repeat it. Kept 24 hours."
    noted = reads_header(header(HEADER, text, pattern=_PATTERN))
    return noted(refuses(KeyMissing, KeyMismatch, StillInProgress, NeverEnded)(once))  # type: ignore[return-value]


def claim(asked: Asked, *, now: datetime) -> tuple[SavedAnswer, bool]:
    """The key's row, and whether it is ours to fill; otherwise its answer is to be given again.

    Raises :class:`KeyMismatch`, :class:`StillInProgress`, :class:`NeverEnded`.
    """
    mine = SavedAnswer.objects.filter(person_id=asked.person_id, key=asked.key)
    mine.filter(created_at__lt=now - KEPT_FOR).delete()
    try:
        row, made = SavedAnswer.objects.get_or_create(
            person_id=asked.person_id,
            key=asked.key,
            defaults={"request_digest": asked.digest, "created_at": now},
        )
    except IntegrityError:  # the other request gave the key back between two looks
        raise StillInProgress() from None
    if made or (row.status is not None and bytes(row.request_digest) == asked.digest):
        return row, made
    if bytes(row.request_digest) != asked.digest:
        raise KeyMismatch()
    if now - row.created_at < LONGEST_REQUEST:
        raise StillInProgress()
    raise NeverEnded()


def sweep_saved_answers(now: datetime) -> int:
    """Sweeper: forget what is older than a day."""
    count, _by_model = SavedAnswer.objects.filter(created_at__lt=now - KEPT_FOR).delete()
    return count


def _asked(request: Request) -> Asked:
    key = request.headers.get(HEADER, "")
    if not re.fullmatch(_PATTERN, key):
        raise KeyMissing("8 to 128 letters, digits or . _ : -")
    body = request._request.body.decode("latin-1")
    return Asked(
        person_id=request.user.pk or 0,
        key=key,
        digest=digest_of(f"{request.method}\n{request.get_full_path()}\n{body}"),
    )
