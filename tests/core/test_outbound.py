"""A URL that a person enters leads to the Internet and nowhere else, however it is spelled."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from django.apps import apps
from django.db import models

from mimic.core.outbound import RefusedUrl, public_destination, resolve_name, written_address
from trading.execution.egress import UnusableProxy, host_of

pytestmark = pytest.mark.security(19)

INSIDE = (
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::",
)  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_refused_even_beside_a_public_address(address: str) -> None:
    with pytest.raises(RefusedUrl, match="not public"):
        public_destination("https://evil.example/", resolve=lambda _: ["93.184.216.34", address])


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "localhost"]
)
def test_the_many_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(RefusedUrl, match="not (public|known)"):
        public_destination(f"https://{host}/", resolve=resolve_name)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "//example.com/",
        "https://user@example.com/", "https://:pw@example.com/", "https://example.com:22/",
        "https://", "https://exa mple.com/", "https://example.com/\r\nHost: x", "gopher://x",
        "https://[::1", "https://example.com/" + "a" * 3_000, "javascript:alert(1)",
    ],
)  # fmt: skip
def test_what_is_no_plain_https_url_is_refused(url: str) -> None:
    with pytest.raises(RefusedUrl):
        public_destination(url, resolve=lambda _: ["93.184.216.34"])


def test_who_connects_uses_the_addresses_that_were_looked_at() -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    found = public_destination("https://example.com/x", resolve=lambda _: next(answers))
    assert (found.host, found.port) == ("example.com", 443)
    assert found.addresses == (ip_address("93.184.216.34"),)


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "0xa9fea9fe", "0.0.0.0", "[::]"])
def test_not_even_an_operators_proxy_is_a_clouds_store_of_secrets(host: str) -> None:
    with pytest.raises(UnusableProxy):
        host_of(f"http://user:pass@{host}:3128")


@pytest.mark.parametrize("host", ["10.1.2.3", "proxy.internal", "198.51.100.7"])
def test_an_operators_proxy_may_stand_in_their_own_network(host: str) -> None:
    assert host_of(f"http://user:pass@{host}:3128") == f"{host}:3128"


def test_an_address_is_known_in_every_spelling() -> None:
    assert {str(written_address(host)) for host in ("127.0.0.1", "2130706433", "127.1")} == {
        "127.0.0.1"
    }
    assert written_address("example.com") is None


def test_no_model_has_a_url_that_nothing_looks_at() -> None:
    """A new URLField belongs into this table, beside what looks at what is entered."""
    guarded: set[str] = set()
    ours = [model for model in apps.get_models() if not model.__module__.startswith("d")]
    urls = {
        f"{model._meta.label}.{field.name}"
        for model in ours
        for field in model._meta.get_fields()
        if isinstance(field, models.URLField)
    }
    assert {name for name in urls if not name.startswith(("account.", "socialaccount."))} == guarded
