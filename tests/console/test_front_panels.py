"""The front page's panels: what waits, what came of it, how fast, and who is alive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mimic.console import panels
from mimic.ops.models import Heartbeat
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out
from trading.copying.summary import times_by_span
from trading.models import CopyExecution, Order, SignalFanout

pytestmark = pytest.mark.django_db


def _front(console: Client) -> str:
    return console.get(reverse("admin:front")).content.decode()


def _copied(count: int = 3) -> None:
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    for _ in range(count):
        a_follower(strategy)
    a_follower(strategy, mode="notify")
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    send_on_paper()


def _broken(_request: HttpRequest) -> panels.Panel:
    with connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column FROM accounts_user")
    raise AssertionError("unreachable")


@pytest.mark.django_db(transaction=True)
def test_outcomes_and_times_of_the_last_hour_are_told_with_links(console: Client) -> None:
    _copied()
    page = _front(console)
    assert "?code__exact=notify_only" in page
    assert 'data-tone="up"' in page
    (span,) = times_by_span(timezone.now(), within=timedelta(hours=1), span=timedelta(minutes=5))
    assert span.orders == 3
    assert 0 <= span.p50_ms <= span.p95_ms <= span.p99_ms
    assert f"<td>{span.p95_ms} ms</td>" in page
    CopyExecution.objects.update(decided_at=now() - timedelta(hours=2))
    assert "Nothing was copied." in _front(console)


@pytest.mark.django_db(transaction=True)
def test_a_queue_says_how_many_wait_how_long_and_where_they_are_worked_off(
    console: Client,
) -> None:
    _copied()
    Order.objects.filter(pk=Order.objects.earliest("pk").pk).update(
        status="needs_person", closed_at=None, created_at=now() - timedelta(minutes=7)
    )
    page = _front(console)
    listed = reverse("admin:trading_orderindoubt_changelist") + "?status__exact=needs_person"
    row = page[page.index(listed) :].partition("</tr>")[0]
    assert "<td>1</td>" in row
    assert "<td>7 min</td>" in row
    assert console.get(listed).status_code == 200


def test_every_queues_link_opens_its_list(console: Client) -> None:
    page = _front(console)
    rows = page.partition("Queues</h2>")[2].partition("</table>")[0]
    links = [part.partition('"')[0].replace("&amp;", "&") for part in rows.split('href="')[1:]]
    assert len(links) == 8
    for link in links:
        assert console.get(link).status_code == 200, link


def test_a_silent_process_is_told_by_how_long_it_is_silent(console: Client) -> None:
    for name, seconds in (("fresh", 5), ("slow", 70), ("dead", 200), ("gone", 4000)):
        beat_at = timezone.now() - timedelta(seconds=seconds)
        Heartbeat.objects.create(name=name, instance="host:1", beat_at=beat_at)
    page = _front(console)
    tones = {
        name: page.rpartition(f">{name}")[0].rpartition('data-tone="')[2].partition('"')[0]
        for name in ("fresh", "slow", "dead", "sentinel")
    }
    assert tones == {"fresh": "up", "slow": "warn", "dead": "down", "sentinel": "down"}
    assert ">gone" not in page


def test_a_broken_panel_says_so_and_blanks_no_other(
    console: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panels, "_panels", dict(panels._panels))
    panels.register_panel("broken", _broken, order=1)
    page = _front(console)
    assert "This panel could not be read." in page
    assert "Queues</h2>" in page


def test_the_fragment_is_for_operators_alone(trader: object) -> None:
    browser = Client()
    browser.force_login(trader)  # type: ignore[arg-type]
    assert browser.get(reverse("admin:front")).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_front_page_costs_the_same_whatever_there_is_to_tell(console: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            _front(console)
        return len(seen)

    a_market()
    few = queries()
    _copied(6)
    SignalFanout.objects.update(done_at=None)
    assert queries() == few
