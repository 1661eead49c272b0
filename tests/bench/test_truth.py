"""What ``make bench-truth`` reckons instead of measuring."""

from __future__ import annotations

from mimic.probes.bench.truth import allowed


def test_a_real_address_compares_a_few_dozen_accounts_at_the_quickest_pace() -> None:
    """Binance's 2,400 a minute at 30 %, five for a question: 144 questions a minute."""
    found = allowed()
    assert found["polls_per_s"] == 2.4
    assert found["accounts_per_address"] == {"10 s": 24, "60 s": 144}
    assert found["with_balances"] == {"10 s": 12, "60 s": 72}
