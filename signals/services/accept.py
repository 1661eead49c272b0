"""Alerts that are in order become signals by one statement: one round trip, one commit.

Whose it is, whether the strategy takes alerts, whether it came before, the message, the signal and
what others keep beside it are one matter for the database. Whatever is not in order writes nothing
here, and :mod:`signals.services.inbox` finds out what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, LiteralString

from mimic.core.ids import uuid7s
from mimic.core.prepared import run_on_rows
from signals.services.deliveries import Delivery, Received
from signals.services.publish import (
    DRAFT_COLUMNS,
    STRATEGY_COLUMNS,
    SignalDraft,
    draft_row,
    publishing,
    tell,
)
from signals.storable import storable

# An open against what the strategy opened last may be a reversal: that is for the careful way.
_TURNS: LiteralString = """r.action = 'open' AND s.on_opposite <> 'both' AND (
  SELECT g.direction FROM signals_signal g
   WHERE g.strategy_id = s.id AND g.symbol = r.symbol AND g.action = 'open'
   AND g.status <> 'received' ORDER BY g.id DESC LIMIT 1) <> r.direction"""
_BY_DIGESTS: LiteralString = f"""s.token_digest = r.token AND s.status = 'active'
  AND (s.passphrase_digest IS NULL OR s.passphrase_digest = r.passphrase)
  AND ({_TURNS}) IS NOT TRUE"""
_BY_ID: LiteralString = "s.id = r.strategy"


@dataclass(frozen=True, slots=True)
class Offer:
    """An alert that was understood. ``token`` and ``passphrase`` are digests of what it showed; a
    strategy without a passphrase asks for none.
    """

    token: bytes
    passphrase: bytes
    delivery: Delivery
    draft: SignalDraft


def accept_offers(offers: Sequence[Offer]) -> list[Received | None]:
    """Command: publish and keep all of them, in one transaction; one is as good as many.

    None for whom nothing was written: a stranger, a strategy that takes no alerts, an open that may
    turn the strategy's position, or seen before.
    """
    ids = iter(uuid7s(2 * len(offers)))
    rows = [
        {
            "token": rf"\x{offer.token.hex()}",
            "passphrase": rf"\x{offer.passphrase.hex()}",
            **_row(offer.delivery, offer.draft, next(ids), next(ids)),
        }
        for offer in offers
    ]
    return _accept(_BY_DIGESTS, rows, [(each.delivery, each.draft) for each in offers])


def accept_for(
    *, strategy_id: int, delivery: Delivery, draft: SignalDraft, published: bool = True
) -> Received | None:
    """Command: the same for a strategy that was found already. None when it was seen before.

    Unless ``published`` the signal is only written.
    """
    row = {"strategy": strategy_id, **_row(delivery, draft, *uuid7s(2))}
    return _accept(_BY_ID, [row], [(delivery, draft)], published=published)[0]


def _accept(
    whose: LiteralString,
    rows: list[dict[str, Any]],
    said: list[tuple[Delivery, SignalDraft]],
    *,
    published: bool = True,
) -> list[Received | None]:
    """Safe to repeat: the deliveries' keys make the second time do nothing."""
    found = run_on_rows(_statement(whose, published=published), rows, repeatable=True)
    ids = {str(public_id): (signal_id, strategy_id) for signal_id, public_id, strategy_id in found}
    accepted: list[Received | None] = []
    for row, (delivery, draft) in zip(rows, said, strict=True):
        written = ids.get(row["signal"])
        if written is None:
            accepted.append(None)
            continue
        signal_id, strategy_id = written
        if published:
            tell(draft, signal_id=signal_id, strategy_id=strategy_id, now=delivery.received_at)
        accepted.append(Received(row["message"], row["signal"], duplicate=False))
    return accepted


def _row(delivery: Delivery, draft: SignalDraft, message: str, signal: str) -> dict[str, Any]:
    """As JSON for the columns below, with the public ids that the two rows get."""
    expires_at = delivery.key_expires_at
    return {
        "fingerprint": rf"\x{delivery.fingerprint.hex()}",
        "expires_at": None if expires_at is None else expires_at.isoformat(),
        "message": message,
        "door": delivery.door,
        "body": storable(delivery.stored_body),
        "content_type": storable(delivery.content_type)[:80],
        "address": delivery.remote_address,
        "parse": draft.as_json(),
        **draft_row(draft, signal, delivery.received_at),
    }


@cache
def _statement(whose: LiteralString, *, published: bool) -> LiteralString:
    """A key is taken when it is new, has expired, or belongs to a message that was refused.

    Keys are taken in their order, so that two who take the same ones do not lock each other out.
    ``LIMIT`` keeps the look-up of a strategy one by its index, whatever the tables' sizes are.
    """
    return publishing(
        f"""WITH said AS (
SELECT r.*, {STRATEGY_COLUMNS}, mimic_time_id() AS message_id,
  sha256(int8send(s.id) || r.fingerprint) AS digest
FROM json_to_recordset(%(rows)s) AS r(token bytea, passphrase bytea, strategy bigint,
  fingerprint bytea, expires_at timestamptz, message uuid, door text, body text,
  content_type text, address inet, parse jsonb, {DRAFT_COLUMNS})
CROSS JOIN LATERAL (SELECT * FROM signals_strategy s WHERE {whose} LIMIT 1) s),
key AS (INSERT INTO signals_inboxkey AS k (digest, message_id, refused, expires_at)
SELECT DISTINCT ON (digest) digest, message_id, false, expires_at FROM said ORDER BY digest
ON CONFLICT (digest) DO UPDATE SET message_id = excluded.message_id, refused = false,
  expires_at = excluded.expires_at
WHERE k.expires_at <= now() OR k.refused RETURNING message_id),
taken AS (SELECT said.* FROM said JOIN key USING (message_id)),
message AS (INSERT INTO signals_inboxmessage (id, public_id, strategy_id, door, body, content_type,
  remote_address, verdict, code, reason, parse, duplicates, received_at)
SELECT message_id, message, strategy_id, door, body, content_type, address, 'accepted', '', '',
  parse, 0, now FROM taken)""",  # noqa: S608  # nosec B608  # constants alone
        published=published,
    )
