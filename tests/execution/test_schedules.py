"""Two hundred random schedules of signals, followers and faults; ``make chaos SEEDS=…`` plays more.

Judged after every step and at rest, by the venue's ledger.
"""

from __future__ import annotations

import pytest

from tests.cast import a_market, a_person, a_quote
from tests.schedules.draw import schedule_of
from tests.schedules.play import play_seeds

pytestmark = pytest.mark.django_db(transaction=True)
SEEDS = range(200)
HALVES = (SEEDS[:100], SEEDS[100:])  # for two workers of the suite


def test_a_seed_is_always_the_same_schedule() -> None:
    assert schedule_of(7) == schedule_of(7)
    assert len({schedule_of(seed) for seed in SEEDS}) == len(SEEDS)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", HALVES, ids=["first", "second"])
def test_no_schedule_doubles_or_loses_anything(seeds: range) -> None:
    a_market()
    a_quote()
    broken = next(play_seeds(seeds, a_person()), None)
    assert broken is None, str(broken)
