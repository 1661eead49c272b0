"""The patches of ``make known-mutants`` fit the code of today, and name tests that exist."""

from __future__ import annotations

import pytest

from tests.mutants.patches import ROOT, Mutant, mutants

SAFEGUARDS = {
    "receive-window-gate", "unique-intent", "fence-recheck", "claimed-again",
    "signed-before-the-check",
    "index-match", "trade-id-dedupe", "position-evidence",
}  # fmt: skip


def test_every_safeguard_has_its_mutant() -> None:
    assert {mutant.name for mutant in mutants()} == SAFEGUARDS


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_a_patch_fits_and_its_test_exists(mutant: Mutant) -> None:
    assert mutant.applies(), "the code moved on: make the patch anew"
    path, _, name = mutant.test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (ROOT / path).read_text()
