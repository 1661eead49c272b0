"""Ways out: sealed by web, opened by senders alone, preferred in order, tried on the wire."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from pytest_django import Settings

from tests.cast import an_account
from trading.domain.ports import Credentials
from trading.execution.egress import NoWayOut, UnusableProxy, choose_egress, host_of, save_egress
from trading.execution.egress_selectors import Way, accounts_by_way_out, ways_in_use
from trading.execution.egress_trial import try_egress
from trading.execution.sessions import load_sessions
from trading.execution.ways_out import egress_name
from trading.models import Egress, ExchangeAccount

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = Credentials("key", "secret")
URL = "http://carol:hush-hush@{}:3128"


def a_way_out(name: str, *, pool: str = "main", position: int = 0, url: str = "") -> Egress:
    egress = Egress(name=name, pool=pool, position=position)
    save_egress(egress=egress, url=url or URL.format(f"{name}.example"))
    return egress


def an_account_through(egress: Egress | None) -> ExchangeAccount:
    account = an_account(keys=KEYS)
    choose_egress(account=account, egress=egress)
    return account


def test_a_proxys_password_is_neither_shown_nor_stored_in_the_clear() -> None:
    egress = a_way_out("a")
    assert egress.host == "a.example:3128"
    assert b"hush-hush" not in bytes(Egress.objects.get().sealed_url)
    save_egress(egress=egress, url="")
    assert load_sessions([an_account_through(egress).pk]).popitem()[1].egress == (
        URL.format("a.example"),
    )


@pytest.mark.parametrize(
    "url",
    ["", "proxy.example:3128", "socks5://proxy.example:1080", "http://proxy.example",
     "http://:3128", "http://proxy.example:port", "http://proxy.example:3128/path",
     "http://proxy.example:3128 ", "http://proxy.example:3128?x=1"],
)  # fmt: skip
def test_what_is_no_proxys_url_is_refused(url: str) -> None:
    with pytest.raises(UnusableProxy):
        host_of(url)


def test_an_account_goes_its_own_way_first_then_the_others_of_its_pool() -> None:
    first, own, off = a_way_out("a"), a_way_out("b", position=9), a_way_out("c")
    a_way_out("elsewhere", pool="asia")
    Egress.objects.filter(pk=off.pk).update(enabled=False)
    direct, through = an_account_through(None), an_account_through(own)
    sessions = load_sessions([direct.pk, through.pk])
    assert sessions[direct.pk].egress == ()
    assert egress_name(sessions[direct.pk]) == "direct"
    assert sessions[through.pk].egress == (URL.format("b.example"), URL.format("a.example"))
    assert egress_name(sessions[through.pk]) == "proxy:b"
    Egress.objects.filter(pk=own.pk).update(enabled=False)
    assert load_sessions([through.pk])[through.pk].egress == (URL.format("a.example"),)
    Egress.objects.filter(pk=first.pk).update(enabled=False)
    assert load_sessions([direct.pk, through.pk]).keys() == {direct.pk}  # never directly instead


def test_the_ways_that_accounts_of_a_route_take_are_known() -> None:
    own = a_way_out("a")
    for egress in (own, own, None):
        an_account_through(egress)
    assert ways_in_use("binanceusdm") == [Way(None, "direct"), Way(own.pk, "proxy:a")]
    assert accounts_by_way_out(["binanceusdm"]) == {"binanceusdm": [("a", 2), ("direct", 1)]}


def test_a_paper_account_has_no_way_out() -> None:
    egress = a_way_out("a")
    with pytest.raises(NoWayOut):
        choose_egress(account=an_account(), egress=egress)


class _Venue(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class _Proxy(_Venue):
    """Forwards absolute requests of those who know the password; keeps what it was asked."""

    asked: list[str] = []

    def do_GET(self) -> None:
        wanted = "Basic " + base64.b64encode(b"carol:hush-hush").decode()
        if self.headers["Proxy-Authorization"] != wanted:
            self.send_response(407)
            self.end_headers()
            return
        self.asked.append(self.path)
        target = urlsplit(self.path)
        upstream = HTTPConnection(str(target.hostname), target.port)
        upstream.request("GET", target.path)
        answer = upstream.getresponse()
        self.send_response(answer.status)
        self.end_headers()
        self.wfile.write(answer.read())


@pytest.fixture
def venue_behind_a_proxy(settings: Settings) -> Iterator[str]:
    """The proxy's host and port."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), each) for each in (_Venue, _Proxy)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    venue, proxy = (f"127.0.0.1:{server.server_port}" for server in servers)
    settings.VENUE_URLS = {"binanceusdm": f"http://{venue}"}
    _Proxy.asked.clear()
    yield proxy
    for server in servers:
        server.shutdown()
        server.server_close()


def _tried(url: str) -> Egress:
    egress = a_way_out("a", url=url)
    try_egress(egress_id=egress.pk, clock=lambda: datetime.now(UTC))
    return Egress.objects.get(pk=egress.pk)


def test_a_test_reaches_the_venue_through_the_proxy(venue_behind_a_proxy: str) -> None:
    tried = _tried(f"http://carol:hush-hush@{venue_behind_a_proxy}")
    assert tried.test_problem == ""
    assert tried.test_ms is not None
    assert [urlsplit(url).path for url in _Proxy.asked] == ["/fapi/v1/ping"]


def test_a_test_tells_why_there_was_no_way_without_the_password(venue_behind_a_proxy: str) -> None:
    tried = _tried(f"http://carol:wrong@{venue_behind_a_proxy}")
    assert tried.test_ms is None
    assert tried.test_problem == "HTTP 407"
    assert tried.tested_at is not None


def test_a_proxy_that_is_not_there_is_a_problem_too() -> None:
    assert _tried("http://carol:hush-hush@127.0.0.1:9").test_problem == "ClientProxyConnectionError"
