"""Writing entries: one plain insert in the caller's transaction, so that deed and entry are one.

::

    KEYS_REVOKED = declare("trading.keys.revoke", _("Keys revoked"), facts=["venue"],
                           private=["reason"])
    record(KEYS_REVOKED, target=account, facts={"venue": account.venue_id},
           private={"reason": reason})

Who, from where and for which request is taken from the request that is being served.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import Model

from mimic.audit.actions import Action
from mimic.audit.keys import STRANGERS, Cipher, cipher_of
from mimic.audit.models import Entry
from mimic.audit.origin import Origin, origin

Plain = str | int | bool | None | list[str]
State = Mapping[str, Any]


class Target(NamedTuple):
    """An object that is no row of ours, or not any more."""

    kind: str
    id: str


def record(
    action: Action,
    *,
    target: Model | Target | None = None,
    by: Model | None = None,
    about: Model | None = None,
    facts: Mapping[str, Plain] | None = None,
    private: State | None = None,
    before: State | None = None,
    after: State | None = None,
) -> None:
    """Operation: write one entry.

    ``by`` is the person whose deed it is where no request tells (a job, or a sign-in, whose request
    began as a stranger's). ``about`` is whose key seals the private words and the changed fields
    ``before`` and ``after``: that person's, else the doer's. Raises TypeError for a word that the
    action does not declare.
    """
    facts, private = dict(facts or {}), dict(private or {})
    _check(action, facts, private)
    came = origin()
    actor_id, role = _actor(came, by)
    subject = about.pk if about is not None else actor_id
    cipher = cipher_of(STRANGERS if subject is None else subject)
    content = _private(came, private, before, after)
    row = Entry(
        action=action.code,
        actor_id=actor_id,
        actor_role=role,
        on_behalf_of=came.on_behalf_of,
        subject_id=STRANGERS if subject is None else subject,
        key_id=cipher.key_id if cipher else None,
        object_kind=_kind(target),
        object_id=_id(target),
        facts=facts,
        before_digest=_digest(cipher, before),
        after_digest=_digest(cipher, after),
        sealed=cipher.close(content, action=action.code) if cipher and content else None,
        request_id=came.request_id,
    )
    row.save(force_insert=True)


def _actor(came: Origin, by: Model | None) -> tuple[int | None, str]:
    """Under impersonation the deed is the operator's, whatever person the service was told."""
    if came.on_behalf_of is not None or by is None:
        return came.actor_id, came.role
    return by.pk, getattr(by, "role", "")


def _check(action: Action, facts: Mapping[str, Any], private: Mapping[str, Any]) -> None:
    unknown = (facts.keys() - action.facts) | (private.keys() - action.private)
    if unknown:
        raise TypeError(f"{action.code} does not declare {', '.join(sorted(unknown))}")


def _private(
    came: Origin, private: State, before: State | None, after: State | None
) -> dict[str, Any]:
    """What there is of it; empty words are left out."""
    found = {
        **private, "address": came.address, "user_agent": came.user_agent,
        "before": dict(before or {}), "after": dict(after or {}),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value not in ("", {}, None)}


def _digest(cipher: Cipher | None, state: State | None) -> bytes | None:
    return None if cipher is None or state is None else cipher.digest(state)


def _kind(target: Model | Target | None) -> str:
    if isinstance(target, Model):
        return target._meta.label_lower
    return "" if target is None else target.kind


def _id(target: Model | Target | None) -> str:
    if isinstance(target, Model):
        return str(target.pk)
    return "" if target is None else target.id
