"""Accounts as gateways see them. Keys are opened here, in the sender's process alone."""

from __future__ import annotations

from collections.abc import Iterable

from trading.domain.ports import AccountSession
from trading.execution.signer import decrypt_many
from trading.models import ExchangeAccount
from trading.venues.credentials import key_context


def load_sessions(account_ids: Iterable[int]) -> dict[int, AccountSession]:
    """By account id. An account whose keys cannot be opened is left out, so nothing is sent.

    Raises SignerUnavailable in a process without master keys if any account has keys.
    """
    rows = ExchangeAccount.objects.filter(pk__in=set(account_ids)).only(
        "public_id", "venue_id", "kind", "sealed_keys"
    )
    keyed = [(row, bytes(row.sealed_keys)) for row in rows if row.sealed_keys is not None]
    found = decrypt_many([(key_context(row.public_id), keys) for row, keys in keyed])
    opened = {row.pk: credentials for (row, _), credentials in zip(keyed, found, strict=True)}
    sessions = {}
    for row in rows:
        credentials = opened.get(row.pk)
        if credentials is None and row.kind != ExchangeAccount.Kind.PAPER:
            continue
        sessions[row.pk] = AccountSession(
            account_id=row.pk,
            venue=row.venue_id,
            credentials=credentials,
            demo=row.kind == ExchangeAccount.Kind.DEMO,
        )
    return sessions
