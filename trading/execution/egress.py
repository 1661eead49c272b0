"""Commands about ways out. Web seals their URLs and can never open them."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from mimic.core.errors import MimicError
from mimic.core.outbound import is_nobodys, written_address
from mimic.core.sealing import seal
from mimic.jobs.enqueue import enqueue
from trading.models import Egress, ExchangeAccount

JOB = "trading.try_egress"
_LONGEST = 500


class UnusableProxy(MimicError):
    """Expected; show the text."""

    code = "egress.unusable_url"
    status = 422
    title = "Not the URL of a proxy: http://user:password@host:port"


class NoWayOut(MimicError):
    """Expected; a paper account sends nothing."""

    code = "egress.paper_account"
    status = 409
    title = "A paper account has no way out"


def url_context(public_id: UUID) -> str:
    """The context under which a way out's URL is sealed."""
    return f"egress:{public_id}:url"


def host_of(url: str) -> str:
    """Host and port, all that is ever shown of a proxy's URL. Raises :class:`UnusableProxy`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UnusableProxy() from None
    plain = parts.path in ("", "/") and not parts.query and not parts.fragment
    if parts.scheme not in {"http", "https"} or not host or not port or not plain:
        raise UnusableProxy()
    if len(url) > _LONGEST or any(character.isspace() for character in url):
        raise UnusableProxy()
    address = written_address(host)
    if address is not None and is_nobodys(address):
        raise UnusableProxy()
    return f"{host}:{port}"


@transaction.atomic(durable=True)
def save_egress(*, egress: Egress, url: str) -> None:
    """Command: write a new way out, or a changed one; without a URL it keeps its own.

    It is tried out at once. Raises :class:`UnusableProxy`, SealingUnavailable.
    """
    if url or egress._state.adding:
        egress.host = host_of(url)
        egress.sealed_url = seal(url.encode(), context=url_context(egress.public_id))
    egress.save()
    enqueue(JOB, egress_id=egress.pk)


@transaction.atomic(durable=True)
def ask_for_test(*, egress: Egress) -> None:
    """Command: a process that can open the URL tries it out."""
    enqueue(JOB, egress_id=egress.pk)


@transaction.atomic(durable=True)
def choose_egress(*, account: ExchangeAccount, egress: Egress | None) -> None:
    """Command: from its next request on the account goes this way; None: our own address.

    Raises :class:`NoWayOut`.
    """
    if account.kind == ExchangeAccount.Kind.PAPER and egress is not None:
        raise NoWayOut()
    ExchangeAccount.objects.filter(pk=account.pk).update(egress=egress)
