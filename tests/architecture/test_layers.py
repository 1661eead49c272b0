"""The house's rules that a machine can check: layers, relations, sizes, who loads what."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import ForeignKey

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "mimic", "accounts", "billing", "signals", "trading", "affiliates", "gamification", "support",
)  # fmt: skip
LONGEST = 500


def _layers() -> dict[str, int]:
    """Package to its height, 0 being the top, from the import-linter contract."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    house = next(c for c in contracts["contracts"] if c["name"].startswith("The house"))
    heights = {}
    for height, layer in enumerate(house["layers"]):
        for name in layer.replace(":", "|").split("|"):
            heights[name.strip()] = height
    return heights


def _height(module: str, heights: dict[str, int]) -> int | None:
    found = [name for name in heights if module == name or module.startswith(f"{name}.")]
    return heights[max(found, key=len)] if found else None


def test_no_model_points_to_a_model_of_a_higher_layer() -> None:
    heights = _layers()
    wrong = []
    for model in apps.get_models():
        here = _height(model.__module__, heights)
        for field in model._meta.get_fields():
            if not isinstance(field, ForeignKey) or here is None:
                continue
            there = _height(field.related_model.__module__, heights)
            if there is not None and there < here:
                wrong.append(f"{model.__name__}.{field.name} → {field.related_model.__name__}")
    assert not wrong


def test_every_app_of_ours_stands_in_the_layers() -> None:
    heights = _layers()
    ours = [config.name for config in apps.get_app_configs() if config.name.startswith(PACKAGES)]
    assert [name for name in ours if _height(name, heights) is None] == []


def _sources() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.split()  # fmt: skip
    return [ROOT / name for name in listed if "/migrations/" not in name]


def test_no_source_file_is_longer_than_the_house_allows() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in _sources()
        if path.exists() and (lines := len(path.read_text().splitlines())) > LONGEST
    }
    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {"utils.py", "helpers.py", "common.py"}
    named_signals = {
        path for path in _sources() if path.name == "signals.py" and "tests" not in path.parts
    }
    assert {path.name for path in _sources()} & vague == set()
    assert named_signals == set()


@pytest.mark.parametrize("module", ["mimic.asgi", "mimic.wsgi"])
def test_web_and_ingest_load_neither_ccxt_nor_the_keys(module: str) -> None:
    program = f"import sys, {module}; print('ccxt' in sys.modules)"
    environment = {name: text for name, text in os.environ.items() if name != "MASTER_KEYS"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_status_of_an_order_is_written_by_its_mutator_alone() -> None:
    """``UPDATE trading_order SET status`` stands in transitions.py and nowhere else."""
    writers = {
        path.name
        for path in _sources()
        if "tests" not in path.parts
        and "UPDATE trading_order " in path.read_text()
        and "SET status" in path.read_text()
    }
    assert writers == {"transitions.py"}
